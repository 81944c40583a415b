using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

public sealed class TableDdlTests
{
    private readonly List<string> _notes = [];

    [Theory]
    [InlineData("COLLATE=utf8mb4_0900_ai_ci", "COLLATE=utf8mb4_uca1400_nopad_ai_ci")]
    [InlineData("COLLATE utf8mb4_0900_as_cs", "COLLATE utf8mb4_uca1400_nopad_as_cs")]
    [InlineData("COLLATE=utf8mb4_0900_bin", "COLLATE=utf8mb4_nopad_bin")]
    [InlineData("COLLATE=utf8mb4_de_pb_0900_ai_ci", "COLLATE=utf8mb4_uca1400_german2_nopad_ai_ci")]
    [InlineData("COLLATE=utf8mb4_unicode_520_ci", "COLLATE=utf8mb4_unicode_520_ci")]
    [InlineData("COLLATE utf8mb4_0900_as_ci", "COLLATE utf8mb4_uca1400_nopad_as_ci")]
    [InlineData("`a` int /*!80023 INVISIBLE */", "`a` int INVISIBLE")]
    [InlineData("`a` int NOT NULL DEFAULT '7' /*!80023 INVISIBLE */ COMMENT 'x /*!80023 INVISIBLE */'", "`a` int NOT NULL DEFAULT '7' INVISIBLE COMMENT 'x /*!80023 INVISIBLE */'")]
    [InlineData("  KEY `a` (`a`) COMMENT 'x' /*!80000 INVISIBLE */,", "  KEY `a` (`a`) COMMENT 'x' IGNORED,")]
    [InlineData("  `a` int /*!50606 COLUMN_FORMAT DYNAMIC */ DEFAULT NULL,", "  `a` int DEFAULT NULL,")]
    [InlineData("COMMENT 'COLLATE=utf8mb4_0900_ai_ci; ENGINE=Wonder'", "COMMENT 'COLLATE=utf8mb4_0900_ai_ci; ENGINE=Wonder'")]
    [InlineData(") ENGINE=InnoDB ENCRYPTION='Y' DATA DIRECTORY='/x/'", ") ENGINE=InnoDB")]
    public void MySQL_becomes_MariaDB(string source, string expected)
    {
        Assert.Equal(expected, TableDdl.Table("t", source, _notes.Add));
        Assert.Empty(_notes);
    }

    [Fact]
    public void An_unknown_engine_and_an_order_of_an_unknown_language_are_replaced_and_told()
    {
        Assert.Equal(") ENGINE=InnoDB COLLATE=utf8mb4_uca1400_nopad_as_cs", TableDdl.Table("t", ") ENGINE=ROCKSDB COLLATE=utf8mb4_ja_0900_as_cs", _notes.Add));
        Assert.Equal(2, _notes.Count);
    }

    [Theory]
    [InlineData("`a` varchar(9) COLLATE utf8mb4_ja_0900_as_cs_ks", "`a` varchar(9) COLLATE utf8mb4_uca1400_nopad_as_cs")]
    [InlineData("  `a` int NOT NULL /*!80023 INVISIBLE */ COMMENT 'no DEFAULT '", "  `a` int NOT NULL COMMENT 'no DEFAULT '")]
    [InlineData("  FULLTEXT KEY `a` (`a`) /*!50100 WITH PARSER `ngram` */", "  FULLTEXT KEY `a` (`a`)")]
    [InlineData("  PRIMARY KEY (`a`),\n  CONSTRAINT `c` CHECK ((`a` > 0)) /*!80016 NOT ENFORCED */\n)", "  PRIMARY KEY (`a`)\n)")]
    public void What_MariaDB_does_otherwise_is_told(string source, string expected)
    {
        Assert.Equal(expected, TableDdl.Table("t", source, _notes.Add));
        Assert.Single(_notes);
    }

    [Fact]
    public void An_index_over_an_expression_is_dropped_and_told()
    {
        var source = "CREATE TABLE `t` (\n  `a` varchar(9) DEFAULT '((',\n  KEY `a` (`a`(3)),\n  KEY `low` ((lower(`a`)))\n) ENGINE=InnoDB";
        Assert.Equal("CREATE TABLE `t` (\n  `a` varchar(9) DEFAULT '((',\n  KEY `a` (`a`(3))\n) ENGINE=InnoDB", TableDdl.Table("t", source, _notes.Add));
        Assert.Single(_notes);
    }

    [Theory]
    [InlineData("CREATE ALGORITHM=UNDEFINED DEFINER=`a b`@`%` SQL SECURITY DEFINER VIEW `v` AS select 1", "CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `v` AS select 1")]
    [InlineData("CREATE DEFINER=`root`@`localhost` TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a=1", "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a=1")]
    [InlineData("CREATE DEFINER=root@localhost TRIGGER t", "CREATE TRIGGER t")]
    public void Definers_stay_behind(string source, string expected) => Assert.Equal(expected, TableDdl.WithoutDefiner(source));

    [Fact]
    public void A_view_has_its_order_of_text()
    {
        const string Source = "CREATE SQL SECURITY DEFINER VIEW `v` AS select (`t`.`a` collate utf8mb4_0900_as_cs) AS `utf8mb4_0900_as_cs` from `t`";
        Assert.Equal(
            "CREATE SQL SECURITY DEFINER VIEW `v` AS select (`t`.`a` collate utf8mb4_uca1400_nopad_as_cs) AS `utf8mb4_0900_as_cs` from `t`", TableDdl.Dependent("v", Source, _notes.Add));
        Assert.Empty(_notes);
    }

    [Fact]
    public void Columns_of_unique_keys_are_known()
    {
        var columns = TableDdl.UniqueColumns("CREATE TABLE `t` (\n  `a` int,\n  PRIMARY KEY (`a`),\n  UNIQUE KEY `u` (`b`(10),`c``d`),\n  KEY `k` (`e`)\n)");
        Assert.Equal(["a", "b", "c`d"], columns.Order(StringComparer.Ordinal));
    }
}
