"""Real block headers, each with a nonce that solves it: what a kernel must find before it mines."""

KNOWN_HEADERS: tuple[tuple[str, bytes], ...] = (
    (
        "mainnet genesis",
        bytes.fromhex(
            "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd"
            "7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c"
        ),
    ),
    (
        "mainnet 1",
        bytes.fromhex(
            "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd"
            "1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299"
        ),
    ),
    (
        "mainnet 125552",
        bytes.fromhex(
            "0100000081cd02ab7e569e8bcd9317e2fe99f2de44d49ab2b8851ba4a308000000000000e320b6c2"
            "fffc8d750423db8b1eb942ae710e951ed797f7affc8892b0f1fc122bc7f5d74df2b9441a42a14695"
        ),
    ),
    (
        "mainnet 286819",
        bytes.fromhex(
            "0200000017975b97c18ed1f7e255adf297599b55330edab87803c81701000000000000008a97295a"
            "2747b4f1a0b3948df3990344c0e19fa6b2b92b3a19c8e6badc141787358b0553535f011948750833"
        ),
    ),
    (
        "mainnet 481824 (first segwit block)",
        bytes.fromhex(
            "02000020801b81629334be8e7af5ebfb9df09c18e1f833b5f0efcb00000000000000000040d1ca07"
            "7fefe7fb797711baa0c063eca9b8ed9469ae0128982b44ad0c25386491329e59e93c011822ff5422"
        ),
    ),
    (
        "mainnet 800000 (version rolled)",
        bytes.fromhex(
            "00601d3455bb9fbd966b3ea2dc42d0c22722e4c0c1729fad17210100000000000000000055087fab"
            "0c8f3f89f8bcfd4df26c504d81b0a88e04907161838c0c53001af09135edbd64943805175e955e06"
        ),
    ),
    (
        "mainnet 881423 (version rolled, solo block)",
        bytes.fromhex(
            "0060592ee3c96a8a70ca15fe215e99f84ab64c43e1b5d2c43b540100000000000000000076f63a35"
            "f1b8b5016d3eb0cce2eebbdf58bf8fbea4e870c8f770346bdfcf622d69c19a678a9a021702fb05ff"
        ),
    ),
    (
        "mainnet 413567",
        bytes.fromhex(
            "0400000011cec5c65e00d35b08860e4e47c6f63f522bb1294db54205000000000000000005ce7daa"
            "2ab7853686a216e6e40415cfca390c23daff2eaaba16c89f640ca564b38d47573684051803b95f7e"
        ),
    ),
    (
        "testnet3 genesis",
        bytes.fromhex(
            "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd"
            "7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff001d1aa4ae18"
        ),
    ),
    (
        "testnet4 genesis",
        bytes.fromhex(
            "0100000000000000000000000000000000000000000000000000000000000000000000004e7b2b91"
            "28fe0291db0693af2ae418b767e657cd407e80cb1434221eaea7a07a046f3566ffff001dbb0c7817"
        ),
    ),
    (
        "regtest genesis",
        bytes.fromhex(
            "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd"
            "7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000"
        ),
    ),
    (
        "testnet3 2",
        bytes.fromhex(
            "0100000006128e87be8b1b4dea47a7247d5528d2702c96826c7a648497e773b800000000e241352e"
            "3bec0a95a6217e10c3abb54adfa05abb12c126695595580fb92e222032e7494dffff001d00d23534"
        ),
    ),
    (
        "testnet3 3",
        bytes.fromhex(
            "0100000020782a005255b657696ea057d5b98f34defcf75196f64f6eeac8026c0000000041ba5afc"
            "532aae03151b8aa87b65e1594f97504a768e010c98c0add79216247186e7494dffff001d058dc2b6"
        ),
    ),
    (
        "testnet3 15007",
        bytes.fromhex(
            "0100000002394092aa378fe35d7e9ac79c869b975c4de4374cd75eb5484b0e1e00000000eb9b8670"
            "abd44ad6c55cee18e3020fb0c6519e7004b01a16e9164867531b67afc33bc94fffff001d123f1005"
        ),
    ),
    (
        "testnet3 49291",
        bytes.fromhex(
            "02000000abfaf47274223ca2fea22797e44498240e482cb4c2f2baea088962f800000000604b5b52"
            "c32305b15d7542071d8b04e750a547500005d4010727694b6e72a776e55d0d51ffff001d21180648"
        ),
    ),
    (
        "testnet3 926485",
        bytes.fromhex(
            "0000002060bbab0edbf3ef8a49608ee326f8fd75c473b7e3982095e2d100000000000000c30134f8"
            "c9b6d2470488d7a67a888f6fa12f8692e0c3411fbfb92f0f68f67eedae03ca57ef13021acc22dc41"
        ),
    ),
    (
        "testnet3 1263442",
        bytes.fromhex(
            "000000201c8d1a529c39a396db2db234d5ec152fa651a2872966daccbde028b400000000083f1449"
            "2679151dbfaa1a825ef4c18518e780c1f91044180280a7d33f4a98ff5f45765aaddc001d38333b9a"
        ),
    ),
)
"""Name and 80 header bytes."""
