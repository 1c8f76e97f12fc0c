"""Reading the environment: each variable may also be given as a file, `NAME_FILE=/run/secrets/name`."""

import os
from pathlib import Path
from typing import Any, Final

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR: Final = Path(__file__).resolve().parent.parent
MEANT: Final[dict[Any, str]] = {int: "a number", bool: "on or off"}
OFF: Final = ("false", "off", "n", "no")


class Variables(environ.FileAwareEnv):
    """Says which variable it is that cannot be read. An empty number or switch is one that was not given."""

    def get_value(
        self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, parse_default: bool = False
    ) -> Any:
        """The variable's value, or the default.

        :raises ImproperlyConfigured: with the variable's name, when it is not what it should be.
        """
        try:
            if cast in MEANT and not self.ENVIRON.get(var, "").strip():
                return default
            return super().get_value(var, cast=cast, default=default, parse_default=parse_default)
        except OSError as error:
            raise ImproperlyConfigured(f"{var}_FILE: {error.filename} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise ImproperlyConfigured(f"{var}_FILE names a file that is no text.") from None
        except ValueError:
            meant = MEANT.get(cast, "something else")
            raise ImproperlyConfigured(f"{var} must be {meant}; it is “{self.ENVIRON[var]}”.") from None

    @classmethod
    def parse_value(cls, value: Any, cast: Any) -> Any:
        """The value as what it is read as. A switch that is mistyped would be off without a word.

        :raises ValueError: when it is none.
        """
        if cast is bool and isinstance(value, str) and value.strip().lower() in OFF:
            return False
        if cast is bool and isinstance(value, str) and value.strip().lower() not in cls.BOOLEAN_TRUE_STRINGS:
            return int(value) != 0
        return super().parse_value(value, cast)


env = Variables()

# Where the embedded installation keeps database, files, outgoing mail and generated secrets.
HOME: Final = Path(os.environ.get("DISPATCH_HOME") or BASE_DIR / "var").resolve()
EMBEDDED: Final = not env.str("DATABASE_URL", "")
SQLITE: Final = HOME / "dispatch.sqlite3"
