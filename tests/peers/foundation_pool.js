// foundation_pool.js {"rpc": PORT, "address": ..., "difficulty": ...}: foundation-stratum over the
// node at that port. It wants certificates/rootCA.{key,crt} in its working directory.
// Says {"event": "ready", "port": PLAIN, "tlsPort": TLS}, then one {"event": "share"} a submit.
'use strict';

const { HOST, reservePort, run, say } = require('./peer');
const foundation = require('foundation-stratum');

const DEFAULTS = { difficulty: 0.0001, retargetSeconds: 3600, asicboost: true };

// Bitcoin's regtest, but for the prefix of its addresses, which is bcoin's.
const NETWORK = {
  bech32: 'rb',
  bip32: { public: 0x043587cf, private: 0x04358394 },
  coin: 'btc',
  peerMagic: 'fabfb5da',
  pubKeyHash: 0x6f,
  scriptHash: 0xc4,
  wif: 0xef,
};

function coin(asicboost) {
  return {
    name: 'Bitcoin',
    symbol: 'BTC',
    algorithms: { mining: 'sha256d', block: 'sha256d', coinbase: 'sha256d' },
    asicboost,
    getinfo: false,
    hybrid: false,
    mainnet: NETWORK,
    parameters: {},
    rewards: { type: '', addresses: [] },
    segwit: true,
    testnet: NETWORK,
    version: 2,
  };
}

function vardiff({ difficulty, retargetSeconds }) {
  return {
    initial: difficulty,
    minimum: difficulty / 100,
    maximum: 1,
    targetTime: 1,
    retargetTime: retargetSeconds,
    variance: 0.3,
  };
}

function poolConfig(options, port, tlsPort) {
  const difficulty = vardiff(options);
  return {
    name: 'peers',
    coins: ['Bitcoin'],
    auxiliary: { enabled: false },
    banning: { enabled: false, time: 1, invalidPercent: 1, checkThreshold: 1e9, purgeInterval: 300 },
    p2p: { enabled: false },
    ports: [
      { port, enabled: true, type: 'shared', difficulty },
      { port: tlsPort, enabled: true, type: 'shared', tls: true, difficulty },
    ],
    primary: {
      address: options.address,
      coin: coin(options.asicboost),
      daemons: [{ host: HOST, port: options.rpc, username: 'u', password: 'p' }],
      recipients: [],
    },
    settings: {
      blockRefreshInterval: 200,
      connectionTimeout: 600,
      jobRebroadcastTimeout: 20,
      tcpProxyProtocol: false,
    },
  };
}

function authorize(ip, port, primary, auxiliary, password, callback) {
  say('authorized', { worker: primary, password });
  callback({ error: null, authorized: true, disconnect: false });
}

function sayShare(share, type, accepted) {
  say('share', {
    worker: share.addrPrimary,
    port: share.port,
    error: share.error || null,
    block: Boolean(accepted),
    hash: share.hash || null,
    coinbase: share.coinbase ? share.coinbase.toString('hex') : null,
    difficulty: share.difficulty,
  });
}

run(async (given) => {
  const [port, tlsPort] = [await reservePort(), await reservePort()];
  const config = poolConfig({ ...DEFAULTS, ...given }, port, tlsPort);
  const identity = { identifier: 'peers', tls: { key: 'rootCA.key', cert: 'rootCA.crt' } };
  const pool = foundation.create(config, identity, authorize, () => {});
  pool.on('log', (severity, text) => say('log', { severity, text }));
  pool.on('share', (share, type, accepted, done) => {
    sayShare(share, type, accepted);
    done();
  });
  pool.on('started', () => say('ready', { port, tlsPort }));
  pool.setupPool();
});
