import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from config import embedded
from config.environment import DATA_DIR, USES_EMBEDDED_POSTGRES, make_data_dir

# These need no database; everything else finds one running.
WITHOUT_DATABASE = {"help", "collectstatic", "version"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        make_data_dir()
        if USES_EMBEDDED_POSTGRES and command not in WITHOUT_DATABASE:
            embedded.start(DATA_DIR)
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        sys.exit(f"Headwater cannot start. {problem}")


if __name__ == "__main__":
    main()
