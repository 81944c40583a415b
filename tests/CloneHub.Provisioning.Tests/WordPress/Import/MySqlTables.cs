namespace CloneHub.Provisioning.Tests.WordPress.Import;

/// <summary>Tables that only MySQL has, and what is told of them; nothing where MariaDB has the same.</summary>
public static class MySqlTables
{
    private const string ManyRows = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900)";

    public static TheoryData<string, string, string> Cases => new()
    {
        { "its usual order of text, in which blanks count", "CREATE TABLE t (a VARCHAR(20) PRIMARY KEY, b TEXT) COLLATE utf8mb4_0900_ai_ci; INSERT INTO t VALUES ('a', 'x'), ('a ', 'y'), ('b', 'ü😀')", "" },
        { "orders of languages", "CREATE TABLE t (a VARCHAR(9) COLLATE utf8mb4_de_pb_0900_ai_ci PRIMARY KEY, b CHAR(9) COLLATE utf8mb4_0900_as_cs UNIQUE, c TEXT COLLATE utf8mb4_0900_bin); INSERT INTO t VALUES ('ä', 'a', 'ß'), ('z', 'A', 'ss')", "" },
        { "an order that MariaDB lacks", "CREATE TABLE t (a VARCHAR(9) COLLATE utf8mb4_ja_0900_as_cs_ks PRIMARY KEY); INSERT INTO t VALUES ('は'), ('ハ'), ('ぱ')", "the order of utf8mb4_ja_0900_as_cs_ks was replaced" },
        { "JSON as MySQL keeps it", "CREATE TABLE t (a JSON); INSERT INTO t VALUES ('{\"b\":1, \"a\":\"\\\\u00e9 \\\\\" \\\\\\\\ \\\\u0000\", \"long\": 12345678901234567890, \"n\": 1e2}'), ('[]'), (NULL)", "" },
        { "large JSON", "CREATE TABLE t (id INT PRIMARY KEY, a JSON); INSERT INTO t VALUES (1, JSON_OBJECT('é', REPEAT('é', 1200000))), (2, '1')", "" },
        { "computed defaults", "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(9) DEFAULT (CONCAT('x', 'y')), b JSON DEFAULT (JSON_ARRAY()), c VARCHAR(36) DEFAULT (UUID()), d DATE DEFAULT (CURDATE() + INTERVAL 1 DAY), e DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP); INSERT INTO t (id) VALUES (1)", "" },
        { "rules", "CREATE TABLE t (a INT CHECK (a > 0), b INT, CONSTRAINT `named` CHECK (b <> 3)); INSERT INTO t VALUES (1, 2)", "" },
        { "a rule that is not enforced", "CREATE TABLE t (a INT CHECK (a > 0) NOT ENFORCED); INSERT INTO t VALUES (-1)", "a rule that is not enforced was left out" },
        { "columns made of JSON", "CREATE TABLE t (j JSON, a VARCHAR(40) AS (j->>'$.k') VIRTUAL, b INT AS (JSON_EXTRACT(j, '$.n')) STORED, KEY (b)); INSERT INTO t (j) VALUES ('{\"k\":\"\\\\u00e9\",\"n\":3}'), (NULL)", "" },
        { "an index over an expression", "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(9), UNIQUE KEY low ((LOWER(a))), KEY b (id, (id + 1))); INSERT INTO t VALUES (1, 'X')", "an index over an expression was left out" },
        { "an index over the members of a list", "CREATE TABLE t (j JSON, KEY m ((CAST(j->'$.ids' AS UNSIGNED ARRAY)))); INSERT INTO t VALUES ('{\"ids\":[1,2]}')", "an index over an expression was left out" },
        { "an index that is not used, and one that goes down", "CREATE TABLE t (a INT, b INT, KEY (a) COMMENT 'x' INVISIBLE, KEY (b DESC, a)); INSERT INTO t VALUES (1, 2)", "" },
        { "a key that nobody made", "SET sql_generate_invisible_primary_key=1; CREATE TABLE t (a INT); SET sql_generate_invisible_primary_key=0; INSERT INTO t VALUES (5), (5)", "" },
        { "invisible columns", "CREATE TABLE t (a INT, b INT INVISIBLE, c TEXT INVISIBLE, d VARCHAR(3) NOT NULL DEFAULT 'x' INVISIBLE COMMENT 'NOT NULL'); INSERT INTO t (a, b, c) VALUES (1, 2, 'y')", "" },
        { "an invisible column that needs a value", "CREATE TABLE t (a INT, b INT NOT NULL INVISIBLE); INSERT INTO t (a, b) VALUES (1, 2)", "an invisible column that needs a value became visible" },
        { "places on the globe", "CREATE TABLE t (a GEOMETRY NOT NULL SRID 4326, b POINT SRID 0, SPATIAL KEY (a)); INSERT INTO t VALUES (ST_GeomFromText('POINT(52.5 13.4)', 4326), POINT(1, 2)), (ST_GeomFromText('POLYGON((0 0, 1 0, 1 1, 0 0))', 4326), NULL)", "" },
        { "text of three bytes and of none", "CREATE TABLE t (a VARCHAR(9) CHARACTER SET utf8mb3 PRIMARY KEY, b VARCHAR(9) CHARACTER SET ascii, c VARCHAR(9) CHARACTER SET latin1 CHECK (c <> 'x')); INSERT INTO t VALUES ('ü', 'a', 'ü')", "" },
        { "hints to its engine", "CREATE TABLE t (a INT COLUMN_FORMAT DYNAMIC, b INT COLUMN_FORMAT FIXED) AUTOEXTEND_SIZE=4M COMMENT='a' STATS_PERSISTENT=1; INSERT INTO t VALUES (1, 2)", "" },
        { "rows that are compressed", "CREATE TABLE t (a TEXT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8; INSERT INTO t VALUES ('x')", "" },
        { "full text in pieces", "CREATE TABLE t (a TEXT, FULLTEXT KEY (a) WITH PARSER ngram); INSERT INTO t VALUES ('words')", "the parser of a full-text index was left out" },
        { "engines without transactions", "CREATE TABLE t (id INT PRIMARY KEY, a TEXT, FULLTEXT KEY (a)) ENGINE=MyISAM; CREATE TABLE u (id INT NOT NULL) ENGINE=CSV; INSERT INTO t VALUES (1, 'words'); INSERT INTO u VALUES (1)", "" },
        { "an engine that only adds", "CREATE TABLE t (id INT) ENGINE=ARCHIVE; INSERT INTO t VALUES (1), (2)", "storage engine ARCHIVE was replaced by InnoDB" },
        { "parts by range and by key", "CREATE TABLE t (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE); CREATE TABLE u (id INT PRIMARY KEY) PARTITION BY KEY (id) PARTITIONS 2; INSERT INTO t VALUES (1), (11); INSERT INTO u VALUES (1), (2)", "" },
        { "keys of text that take many questions", $"CREATE TABLE t (a VARCHAR(20) COLLATE utf8mb4_0900_ai_ci PRIMARY KEY); CREATE TABLE u (a VARCHAR(20) CHARACTER SET utf8mb3, b VARCHAR(20) CHARACTER SET latin1, PRIMARY KEY (a, b)); INSERT INTO t {ManyRows} SELECT CONCAT('ключ ', i) FROM n; INSERT INTO u {ManyRows} SELECT CONCAT('ü', i DIV 30), CONCAT('ü', i) FROM n", "" },
        { "other keys that take many questions", $"CREATE TABLE t (a DATETIME(3), b DECIMAL(20,5), PRIMARY KEY (a, b)); CREATE TABLE u (a VARBINARY(9), b BIT(12), PRIMARY KEY (a, b)); INSERT INTO t {ManyRows} SELECT TIMESTAMP'2026-01-01 00:00:00.5' + INTERVAL i DIV 3 SECOND, i / 7 FROM n; INSERT INTO u {ManyRows} SELECT UNHEX(LPAD(HEX(i DIV 9), 4, '0')), i FROM n", "" },
    };

    /// <summary>For which MariaDB has nothing.</summary>
    public static TheoryData<string, string> Refused => new()
    {
        { "vectors", "CREATE TABLE t (a VECTOR(3)); INSERT INTO t VALUES (STRING_TO_VECTOR('[1,2,3]'))" },
        { "a character set of its own", "CREATE TABLE t (a VARCHAR(9) CHARACTER SET gb18030); INSERT INTO t VALUES ('x')" },
        { "a default by a function of its own", "CREATE TABLE t (id INT PRIMARY KEY, a BINARY(16) DEFAULT (UUID_TO_BIN(UUID()))); INSERT INTO t (id) VALUES (1)" },
    };
}
