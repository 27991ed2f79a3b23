// fragile_pool.js {"rpc": PORT, "address": ...}: stratum-pool-sha256 over the node at that port.
// It dies of the first share that is a block. Says {"event": "ready", "port": PORT}.
'use strict';

const { HOST, reservePort, run, say } = require('./peer');
const { createPool } = require('stratum-pool-sha256');

function poolConfig({ rpc, address, difficulty = 0.0001 }, port) {
  return {
    address,
    banning: { enabled: false },
    blockRefreshInterval: 200,
    coin: { name: 'Bitcoin', symbol: 'BTC', algorithm: 'sha256', asicboost: false },
    connectionTimeout: 600,
    daemons: [{ host: HOST, port: rpc, user: 'u', password: 'p' }],
    jobRebroadcastTimeout: 20,
    p2p: { enabled: false },
    ports: { [port]: { diff: difficulty } },
  };
}

function authorize(ip, port, worker, password, callback) {
  say('authorized', { worker, password });
  callback({ error: null, authorized: true, disconnect: false });
}

run(async (given) => {
  const port = await reservePort();
  const pool = createPool(poolConfig(given, port), authorize);
  pool.on('log', (severity, text) => say('log', { severity, text }));
  pool.on('started', () => say('ready', { port }));
  pool.start();
});
