using System.Text;
using CloneHub.Provisioning.WordPress.Restore;

namespace CloneHub.Provisioning.Tests.WordPress.Restore;

public sealed class UserMapTests
{
    private static readonly Dictionary<string, string> Site = new() { ["1"] = "admin", ["2"] = "edith", ["5"] = "new-here" };

    [Theory]
    [InlineData("1", null)]
    [InlineData("2", null)]
    [InlineData("0", null)]
    [InlineData("5", "1")]
    [InlineData("9", "2")]
    public void What_somebody_wrote_goes_to_the_same_person_or_to_the_administrator(string number, string? expected)
    {
        var map = new UserMap(new Dictionary<string, string> { ["1"] = "admin", ["2"] = "Edith", ["5"] = "clonehub", ["9"] = "edith" }, Site, "1");

        Assert.Equal(expected, map.Change(Encoding.ASCII.GetBytes(number)) is { } change ? Encoding.ASCII.GetString(change) : null);
        Assert.Equal(["clonehub"], map.Missing);
        Assert.Equal(["5 is clonehub in the clone and new-here at the site"], map.Others);
    }
}
