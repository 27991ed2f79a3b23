"""Lines of both sides, and a template: what a fuzzer begins with, and the words it is taught."""

import json

HANDSHAKE = (
    b'{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}\n'
    b'{"id":2,"result":[[["mining.notify","5e55"]],"08000002",4],"error":null}\n'
    b'{"id":3,"result":true,"error":null}\n'
)
NOTIFY = (
    b'{"id":null,"method":"mining.notify","params":["bf","'
    + b"4d16b6f8" * 8 + b'","0100","ffff",["' + b"ab" * 32
    + b'"],"20000000","1b0404cb","504e86b9",true]}\n'
)  # fmt: skip
SERVER_LINES = [
    b'{"id":null,"method":"mining.set_difficulty","params":[512]}',
    b'{"id":null,"method":"mining.set_difficulty","params":["0.0001"]}',
    NOTIFY.rstrip(),
    b'{"id":null,"method":"mining.set_extranonce","params":["aabb",8]}',
    b'{"id":null,"method":"mining.set_version_mask","params":["00006000"]}',
    b'{"id":null,"method":"client.reconnect","params":["host",3333,5]}',
    b'{"id":7,"method":"client.get_version","params":[]}',
    b'{"id":8,"method":"client.show_message","params":["text"]}',
    b'{"id":42,"method":"mining.ping","params":[]}',
    b'{"id":4,"result":true,"error":null}',
    b'{"id":5,"result":false,"error":[21,"Stale",null]}',
    b'{"reject-reason":"Above target","result":false,"error":null,"id":6}',
    b'{"jsonrpc":"2.0","error":{"code":22,"message":"duplicate share","data":null},"id":"5"}',
    b'{"id":4,"result":null,"error":[24,"Unauthorized worker",""]}',
    b'{"id":4,"result":null,"error":[25,"Not subscribed"]}',
]
CLIENT_LINES = [
    b'{"id":1,"method":"mining.configure","params":[["version-rolling","minimum-difficulty",'
    b'"subscribe-extranonce","info"],{"version-rolling.mask":"1fffe000",'
    b'"version-rolling.min-bit-count":2,"minimum-difficulty.value":0.5,"info.sw-version":"1"}]}',
    b'{"id":2,"method":"mining.subscribe","params":["miner/1.0","5e55"]}',
    b'{"id":3,"method":"mining.authorize","params":["w","d=512"]}',
    b'{"id":4,"method":"mining.submit","params":["w","1","00000001","6553f100","00000007","00002000"]}',
    b'{"id":5,"method":"mining.suggest_difficulty","params":[512]}',
    b'{"id":6,"method":"mining.suggest_target","params":["' + b"0f" * 32 + b'"]}',
    b'{"id":7,"method":"mining.extranonce.subscribe","params":[]}',
    b'{"id":8,"method":"mining.get_transactions","params":["1"]}',
    b'{"id":9,"method":"mining.ping","params":[]}',
    b"@j", b"@b", b"@r", b"@m", b"@t70",
]  # fmt: skip
TEMPLATE = json.dumps({
    "capabilities": ["proposal"], "version": 0x20000000, "rules": ["csv", "!segwit", "taproot"],
    "vbavailable": {}, "vbrequired": 0, "previousblockhash": "00" * 32, "transactions": [],
    "coinbaseaux": {}, "coinbasevalue": 5_000_000_000, "longpollid": "x", "mintime": 1,
    "target": "7fffff" + "00" * 29, "mutable": ["time", "transactions", "prevblock"],
    "noncerange": "00000000ffffffff", "sigoplimit": 80_000, "sizelimit": 4_000_000,
    "weightlimit": 4_000_000, "curtime": 1_700_000_000, "bits": "207fffff", "height": 121,
    "default_witness_commitment": "6a24aa21a9ed"
    "e2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9",
}).encode()  # fmt: skip
