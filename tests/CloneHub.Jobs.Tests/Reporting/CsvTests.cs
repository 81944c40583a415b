using System.Text.Json;
using CloneHub.Jobs.Reporting;

namespace CloneHub.Jobs.Tests.Reporting;

public sealed class CsvTests
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Default) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private static readonly DateOnly Day = new(2026, 3, 1);

    [Fact]
    public void Columns_are_the_fields_of_the_JSON_and_what_is_absent_is_empty() =>
        Assert.Equal(
            "day,customer_id,requested,completed,failed,cancelled,success_rate\r\n2026-03-01,shop,3,2,1,0,0.6667\r\n,,0,0,0,0,\r\n",
            CsvText.Of<ClonesRow>([new(Day, "shop", 3, 2, 1, 0, 0.6667), new(null, null, 0, 0, 0, 0, null)], Json));

    [Theory]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"so\"", "\"say \"\"so\"\"\"")]
    [InlineData("two\r\nlines", "\"two\r\nlines\"")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("\r=1", "\"'\r=1\"")]
    [InlineData("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\"")]
    public void A_text_can_neither_break_out_of_its_cell_nor_become_a_formula(string customer, string cell) =>
        Assert.Contains($",{cell},1,", CsvText.Of<ClonesRow>([new(Day, customer, 1, 0, 0, 0, null)], Json), StringComparison.Ordinal);

    [Fact]
    public void A_number_is_written_the_same_everywhere_and_may_be_negative() =>
        Assert.EndsWith("2026-03-01T00:00:00.000Z,-1,0,1234.5\r\n", CsvText.Of<LiveClonesRow>([new(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero), -1, 0, 1234.5)], Json), StringComparison.Ordinal);
}
