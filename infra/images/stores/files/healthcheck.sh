#!/bin/sh
# Whether the server answers. What it is asked to check besides is so as soon as it does.
exec mariadb-admin --no-defaults --socket=/run/mysqld/mysqld.sock ping >/dev/null 2>&1
