"""The test vectors of BIP173 and BIP350, and well-known addresses with their scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.errors import EncodingError, UsageError
from stampmill.pool.payout import base58, bech32
from stampmill.pool.payout.address import read_address
from stampmill.pool.payout.bech32 import BECH32, BECH32M, WitnessAddress
from stampmill.pool.payout.chains import TEST_CHAINS, Chain

# BIP173 and BIP350, "Test vectors".
VALID_BECH32 = [
    "A12UEL5L",
    "a12uel5l",
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    "?1ezyfcl",
]
VALID_BECH32M = [
    "A1LQFN3A",
    "a1lqfn3a",
    "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
    "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
    "11llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllludsr8",
    "split1checkupstagehandshakeupstreamerranterredcaperredlc445v",
    "?1v759aa",
]
INVALID_STRINGS = [
    "\x201nwldj5", "\x7f1axkwrx", "\x801eym55h",
    "an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx",
    "pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "de1lg7wt\xff", "A1G7SGD8",
    "10a06t8", "1qzzfhee",
    "\x201xj0phk", "\x7f1g6xzxy", "\x801vctc34",
    "an84characterslonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11d6pts4",
    "qyrz8wqd2c9m", "1qyrz8wqd2c9m", "y1b0jsk6g", "lt1igcx5c0", "in1muywd", "mm1crxm3i",
    "au1s5cgom", "M1VUXWEZ", "16plkw9", "1p2gdwpf",
]  # fmt: skip
VALID_ADDRESSES = {
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4": "0014751e76e8199196d454941c45d1b3a323f1433bd6",
    "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7":
        "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y":
        "5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6",
    "BC1SW50QGDZ25J": "6002751e",
    "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs": "5210751e76e8199196d454941c45d1b3a323",
    "tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy":
        "0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
    "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c":
        "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0":
        "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
}  # fmt: skip
INVALID_ADDRESSES = [
    # BIP350
    "tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
    "tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf",
    "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",
    "tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47",
    "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
    "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R",
    "bc1pw5dgrnzv",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",
    "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",
    "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf",
    "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j",
    "bc1gmk9yu",
    # BIP173
    "tc1qw508d6qejxtdg4y5r3zarvary0c5xw7kg3g4ty",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
    "BC13W508D6QEJXTDG4Y5R3ZARVARY0C5XW7KN40WF2",
    "bc1rw5uspcuh",
    "bc10w508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kw5rljs90",
    "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sL5k7",
    "bc1zw508d6qejxtdg4y5r3zarvaryvqyzf3du",
    "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3pjxtptv",
]


@pytest.mark.parametrize("text", VALID_BECH32)
def test_bips_valid_bech32_strings(text: str) -> None:
    assert bech32.decode(text)[2] == BECH32


@pytest.mark.parametrize("text", VALID_BECH32M)
def test_bips_valid_bech32m_strings(text: str) -> None:
    assert bech32.decode(text)[2] == BECH32M


@pytest.mark.parametrize("text", INVALID_STRINGS)
def test_bips_invalid_strings(text: str) -> None:
    with pytest.raises(EncodingError):
        bech32.decode(text)


@pytest.mark.parametrize(("text", "script"), VALID_ADDRESSES.items())
def test_bips_valid_addresses(text: str, script: str) -> None:
    address = bech32.decode_address(text)
    opcode = 0x50 + address.version if address.version else 0
    assert bytes([opcode, len(address.program)]) + address.program == bytes.fromhex(script)
    assert bech32.encode_address(address) == text.lower()


@pytest.mark.parametrize("text", INVALID_ADDRESSES)
def test_bips_invalid_addresses(text: str) -> None:
    with pytest.raises(UsageError, match="no payout address"):
        read_address(text)


@pytest.mark.parametrize(
    ("text", "script", "chains"),
    [
        # The coinbase of mainnet's genesis block, and BIP16's and BIP341's examples.
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
         "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac", {Chain.MAIN}),
        ("3P14159f73E4gFr7JterCCQh9QjiTjiZrG",
         "a914e9c3dd0c07aac76179ebc76a6c78d4d67c6c160a87", {Chain.MAIN}),
        ("mkHS9ne12qx9pS9VojpwU5xtRd4T7X7ZUt",
         "76a914344a0f48ca150ec2b903817660b9b68b13a6702688ac", TEST_CHAINS),
        ("2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc",
         "a9144e9f39ca4688ff102128ea4ccda34105324305b087", TEST_CHAINS),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
         "0014751e76e8199196d454941c45d1b3a323f1433bd6", {Chain.MAIN}),
        ("tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c",
         "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
         {Chain.TEST, Chain.TESTNET4, Chain.SIGNET}),
        ("rb1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqmescae",
         "00204ae81572f06e1b88fd5ced7a1a000945432e83e1551e6f721ee9c00b8cc33260", {Chain.REGTEST}),
    ],
)  # fmt: skip
def test_script_and_chains_of_an_address(text: str, script: str, chains: set[Chain]) -> None:
    payout = read_address(text)
    assert payout.script.hex() == script
    assert payout.chains == chains


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "checksum"),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "checksum"),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7Divf0a", "'0' is no letter"),
        ("1" * 1000, "no address has 1000 letters"),
        ("BC1SW50QGDZ25J", "anybody could spend"),
        ("bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
         "anybody could spend"),
        ("5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", "not the 20"),  # a private key
        (base58.encode_check(b"\x30" + bytes(20)), "kind 0x30"),  # Litecoin's
    ],
)  # fmt: skip
def test_what_must_not_be_paid_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as error:
        read_address(text)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


@given(st.binary(min_size=1, max_size=40))
def test_base58_there_and_back(body: bytes) -> None:
    assert base58.decode_check(base58.encode_check(body)) == body


@given(st.integers(0, 16), st.sampled_from([20, 32]), st.data())
def test_bech32_there_and_back(version: int, size: int, data: st.DataObject) -> None:
    program = data.draw(st.binary(min_size=size, max_size=size))
    address = WitnessAddress("bcrt", version, program)
    assert bech32.decode_address(bech32.encode_address(address)) == address


@given(st.text(max_size=100))
def test_any_text_is_an_address_or_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        read_address(text)


@given(st.integers(0, 41), st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l"))
def test_one_wrong_letter_is_never_another_address(place: int, letter: str) -> None:
    right = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    wrong = right[:place] + letter + right[place + 1 :]
    if wrong != right:
        with pytest.raises(UsageError):
            read_address(wrong)
