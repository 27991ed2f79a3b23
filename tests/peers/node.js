// node.js: a bcoin regtest node, chain in memory, JSON-RPC without a password.
// Says {"event": "ready", "port": RPC}.
'use strict';

const { HOST, reservePort, run, say } = require('./peer');
const { FullNode } = require('bcoin');

run(async () => {
  const port = await reservePort();
  const node = new FullNode({
    network: 'regtest',
    memory: true,
    workers: false,
    listen: false,
    httpHost: HOST,
    httpPort: port,
    noAuth: true,
    logConsole: true,
    logLevel: 'warning',
  });
  await node.ensure();
  await node.open();
  await node.connect();
  node.startSync();
  say('ready', { port });
});
