"""The cables of one emulated board, by the names of its ports."""

from stampmill.core.backends.asic.board.guarded import BoardPorts
from stampmill.core.backends.asic.link.errors import NoPortError
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.emulator.boards.board import Board
from stampmill.core.emulator.boards.kinds import CONTROL_SUFFIX
from stampmill.core.emulator.null_modem import NullModem
from stampmill.core.emulator.virtual_guardian import VirtualGuardians


class Cables:
    """As many as the board has ports; `guardians` stand at the second one."""

    def __init__(self, board: Board, name: str, tick: float) -> None:
        self.name = name
        self.guardians = VirtualGuardians(self.open)
        self._modems = {
            name + port.suffix: NullModem(name + port.suffix, port.emulation, tick)
            for port in board.ports
        }

    @property
    def modem(self) -> NullModem:
        """The first one."""
        return self._modems[self.name]

    async def open(self, name: str) -> Port:
        """Open a port by its name; raise NoPortError, PortBusyError."""
        if name not in self._modems:
            raise NoPortError(f"no port '{name}'")
        return await self._modems[name].open(name)

    def locate(self) -> BoardPorts:
        """Return both ports of a bridge; raise NoPortError while it is unplugged."""
        if not self.modem.plugged:
            raise NoPortError(f"no port '{self.name}'")
        return BoardPorts(self.name + CONTROL_SUFFIX, self.name)

    def unplug(self) -> None:
        """Take all ports away at once."""
        for modem in self._modems.values():
            modem.unplug()

    def plug_in(self) -> None:
        """Let them be opened again."""
        for modem in self._modems.values():
            modem.plug_in()

    async def close(self) -> None:
        """Stop the board's time, and whoever still stands guard."""
        await self.guardians.close()
        for modem in self._modems.values():
            modem.close()
