// client.js {"port": PORT, "worker": NAME}: stratum-client connects to the pool at that port.
// Says what it hears: connected, subscribed, authorized, difficulty, job.
'use strict';

const { HOST, run, say } = require('./peer');
const stratumClient = require('stratum-client');

run(async ({ port, worker }) => {
  stratumClient({
    server: HOST,
    port,
    worker,
    password: 'x',
    autoReconnectOnError: false,
    onConnect: () => say('connected'),
    onClose: () => say('closed'),
    onError: (error) => say('error', { text: error.message }),
    onSubscribe: (subscription) => say('subscribed', subscription),
    onAuthorizeSuccess: () => say('authorized'),
    onAuthorizeFail: () => say('refused'),
    onNewDifficulty: (difficulty) => say('difficulty', { difficulty }),
    onNewMiningWork: (job) => say('job', job),
  });
});
