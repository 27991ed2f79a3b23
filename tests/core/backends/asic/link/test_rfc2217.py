"""A board behind a serial server (RFC 2217), which is played by the test."""

import asyncio

from stampmill.core.backends.asic.link.serial_port import open_port

IAC, SB, SE, WILL, DO = 255, 250, 240, 251, 253
COM_PORT, SET_BAUD, TO_CLIENT = 44, 1, 100
ANSWERS = {WILL: DO, DO: WILL}


class SerialServer:
    """Agrees to every option, keeps the rates it is told, and sends data back with bits turned."""

    def __init__(self) -> None:
        self.bauds: list[int] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(await self._answer(reader))
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        byte = await self._byte(reader)
        if byte != IAC:
            return _data(byte ^ 0x0F)
        command = await self._byte(reader)
        if command == IAC:
            return _data(IAC ^ 0x0F)
        if command == SB:
            return await self._option(reader)
        return bytes((IAC, ANSWERS.get(command, command), await self._byte(reader)))

    async def _option(self, reader: asyncio.StreamReader) -> bytes:
        said = bytearray()
        while said[-2:] != bytes((IAC, SE)):
            said += await reader.readexactly(1)
        option, command, value = said[0], said[1], bytes(said[2:-2])
        assert option == COM_PORT
        if command == SET_BAUD and any(value):
            self.bauds.append(int.from_bytes(value, "big"))
        return bytes((IAC, SB, COM_PORT, command + TO_CLIENT)) + value + bytes((IAC, SE))

    async def _byte(self, reader: asyncio.StreamReader) -> int:
        return (await reader.readexactly(1))[0]


def _data(byte: int) -> bytes:
    return bytes((IAC, IAC)) if byte == IAC else bytes((byte,))


def test_a_serial_server_carries_bytes_and_the_rate_of_the_line() -> None:
    every_byte = bytes(range(256))

    async def run() -> None:
        far = SerialServer()
        server = await asyncio.start_server(far.serve, "127.0.0.1", 0)
        host, tcp_port = server.sockets[0].getsockname()
        port = await open_port(f"rfc2217://{host}:{tcp_port}")
        port.write(every_byte)
        await port.drain()
        received = b""
        while len(received) < 256:
            received += await asyncio.wait_for(port.read(), 5)
        assert received == bytes(byte ^ 0x0F for byte in every_byte)
        await port.set_baud(1_000_000)
        assert (far.bauds[0], far.bauds[-1]) == (115_200, 1_000_000)
        await port.close()
        server.close()
        await server.wait_closed()

    asyncio.run(run())
