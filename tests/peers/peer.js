// What every launcher here shares: loopback listeners at free ports, events as JSON lines on
// stdout, and an end together with whoever started it (a closed stdin).
'use strict';

const net = require('net');

const HOST = '127.0.0.1';
const held = new Map();
const listen = net.Server.prototype.listen;

// No package here lets its listening address be set: each of them listens everywhere by itself.
net.Server.prototype.listen = function (where, ...rest) {
  const port = typeof where === 'object' ? where.port : Number(where);
  const callback = rest.find((argument) => typeof argument === 'function');
  const target = held.get(port) || { port, host: HOST };
  return listen.call(this, target, callback);
};

// Returns a port that is ours from now on; the next listen(port) in this process takes it over.
function reservePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    listen.call(server, { port: 0, host: HOST }, () => {
      held.set(server.address().port, server);
      resolve(server.address().port);
    });
  });
}

function say(event, fields = {}) {
  process.stdout.write(JSON.stringify({ event, ...fields }) + '\n');
}

function settings() {
  return JSON.parse(process.argv[2] || '{}');
}

function endWithParent() {
  process.stdin.resume();
  process.stdin.once('end', () => process.exit(0));
}

function run(main) {
  endWithParent();
  main(settings()).catch((error) => {
    console.error(error.stack);
    process.exit(1);
  });
}

module.exports = { HOST, reservePort, run, say };
