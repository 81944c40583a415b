namespace CloneHub.Provisioning.Tests.WordPress.Import;

/// <summary>Tables that copies of databases are known to damage.</summary>
public static class NastyTables
{
    /// <summary>Of any server.</summary>
    public static TheoryData<string, string> Cases => new()
    {
        { "numbers with a binary fraction", "CREATE TABLE t (a FLOAT, b DOUBLE, c DECIMAL(30,10)); INSERT INTO t VALUES (1e0/3, 1e308, 12345678901234567890.0123456789), (3.4e38, -1e-308, -0.0000000001), (NULL, NULL, NULL)" },
        { "bits", "CREATE TABLE t (a BIT(10), b BIT(1), c BIT(64)); INSERT INTO t VALUES (513, 1, 0xffffffffffffffff), (0, 0, 0), (NULL, NULL, 10)" },
        { "fractions of seconds and zero dates", "CREATE TABLE t (a DATETIME(6), b TIME(3), c DATE, d YEAR); INSERT INTO t VALUES ('2026-03-29 02:30:00.123456', '-838:59:59.000', '0000-00-00', 1901), ('0000-00-00 00:00:00', '00:00:00.001', '2026-00-00', 0)" },
        { "a moment that summer time skips", "CREATE TABLE t (a TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP); INSERT INTO t VALUES ('2026-03-29 01:30:00'), ('1970-01-01 00:00:01'), (NULL)" },
        { "bytes that separate and end", "CREATE TABLE t (a VARBINARY(300), b BINARY(4), c BLOB); INSERT INTO t VALUES (0x00011A090A0D5C27225C4E, 0x00, 0x5C4E), ('\\\\N', 'N', '\\\\'), (0xff0a09, 0x0a0a0a0a, '\n')" },
        { "nothing, empty, and the word NULL", "CREATE TABLE t (a BLOB, b TEXT, c VARCHAR(9)); INSERT INTO t VALUES ('', NULL, 'NULL'), (NULL, '', 'null'), ('\\\\N', 'NULL', '')" },
        { "JSON", "CREATE TABLE t (a JSON); INSERT INTO t VALUES ('{\"a\":\"\\\\u00e9\",  \"b\": [1, 2.50]}'), ('\"%\"'), (NULL)" },
        { "enumerations and sets", "CREATE TABLE t (a ENUM('ü','b''c','') CHARACTER SET latin1, b SET('x','y,z2','ä')); INSERT INTO t VALUES ('ü', 'x,ä'), ('b''c', ''), ('', 'ä')".Replace("y,z2", "yz", StringComparison.Ordinal) },
        { "shapes", "CREATE TABLE t (a GEOMETRY, b POINT NOT NULL, SPATIAL KEY (b)); INSERT INTO t VALUES (ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))'), POINT(1, 2)), (NULL, POINT(-1.5, 1e10))" },
        { "generated columns", "CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS (a * 2) VIRTUAL, c VARCHAR(20) GENERATED ALWAYS AS (CONCAT('x', a)) STORED, KEY (c)); INSERT INTO t (a) VALUES (1), (2)" },
        { "an invisible column", "CREATE TABLE t (a INT, b INT INVISIBLE DEFAULT 7); INSERT INTO t (a, b) VALUES (1, 2), (3, 4)" },
        { "odd names and comments", "CREATE TABLE t (`we``ird \"name\"` INT COMMENT 'it''s; \"x\" -- `y` @a', `select` INT, `ünï` INT) COMMENT='a;b ENGINE=Wonder'; INSERT INTO t VALUES (1, 2, 3)" },
        { "no key, duplicates and nulls", "CREATE TABLE t (a INT, b VARCHAR(5)); INSERT INTO t VALUES (1, 'x'), (1, 'x'), (NULL, NULL), (NULL, NULL)" },
        { "a key of several columns", "CREATE TABLE t (a VARCHAR(20) COLLATE utf8mb4_bin, b INT, c INT, PRIMARY KEY (a, b)) CHARSET=utf8mb4; INSERT INTO t VALUES ('a', 1, 1), ('A', 1, 2), ('ä', 1, 3), ('a', 2, 4)" },
        { "text in the wrong character set", "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(50) CHARACTER SET latin1, b TEXT CHARACTER SET utf8mb3); INSERT INTO t VALUES (1, CONVERT(0xc3a4c3b6 USING latin1), 'ü'), (2, CONVERT(0xe4f681 USING latin1), '%s %d %')" },
        { "a row with the number 0", "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a INT) AUTO_INCREMENT=77; INSERT INTO t VALUES (0, 1), (1, 2), (76, 3)" },
        { "a child before its parent", "CREATE TABLE a_child (id INT PRIMARY KEY, p INT, CONSTRAINT `fk` FOREIGN KEY (p) REFERENCES b_parent (id) ON DELETE CASCADE); CREATE TABLE b_parent (id INT PRIMARY KEY); INSERT INTO b_parent VALUES (1); INSERT INTO a_child VALUES (1, 1), (2, NULL)" },
        { "emoji", "CREATE TABLE t (a VARCHAR(20), b CHAR(5), c TEXT) CHARSET=utf8mb4; INSERT INTO t VALUES ('😀', '👩‍👩‍👧', '👍🏽 %postname%')" },
        { "percent signs and placeholders", "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('/%year%/%postname%/'), ('100%'), ('%s %% {0} $1 \\\\1 @x :y ?')" },
        { "parts of a table", "CREATE TABLE t (id INT PRIMARY KEY, a INT) PARTITION BY HASH (id) PARTITIONS 3; INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)" },
        { "checks and computed defaults", "CREATE TABLE t (a INT CHECK (a > 0), b VARCHAR(40) DEFAULT (CONCAT('x', 'y')), c INT DEFAULT 5); INSERT INTO t VALUES (1, 'z', NULL)" },
        { "a large value", "CREATE TABLE t (a LONGTEXT, b LONGBLOB); INSERT INTO t VALUES (REPEAT('ä\\t\\n\\\\', 1000000), REPEAT(0x00ff, 1000000))" },
    };

    /// <summary>That MySQL does not know.</summary>
    public static TheoryData<string, string> OfMariaDb => new()
    {
        { "keys that differ in a blank", "CREATE TABLE t (a VARCHAR(20) PRIMARY KEY) CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_nopad_ai_ci; INSERT INTO t VALUES ('a'), ('a '), ('a  ')" },
        { "engines without transactions", "CREATE TABLE t (id INT PRIMARY KEY, a TEXT, FULLTEXT KEY (a)) ENGINE=MyISAM; CREATE TABLE u (id INT PRIMARY KEY) ENGINE=Aria; INSERT INTO t VALUES (1, 'some words'); INSERT INTO u VALUES (1)" },
        { "addresses, networks and identifiers", "CREATE TABLE t (a INET6, b UUID); INSERT INTO t VALUES ('::1', 'f47ac10b-58cc-4372-a567-0e02b2c3d479')" },
    };
}
