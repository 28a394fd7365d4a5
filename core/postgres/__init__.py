"""Django's PostgreSQL backend, with moments in time read by psycopg's parser in C."""
