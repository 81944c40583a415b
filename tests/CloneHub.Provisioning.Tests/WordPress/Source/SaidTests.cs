using System.Diagnostics;
using CloneHub.Dev;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>What a connector tells of a failure at its site.</summary>
[Trait("Needs", "servers")]
public sealed class SaidTests
{
    [Theory]
    [InlineData("new mysqli_sql_exception(\"Duplicate entry 'O'Brien@example.org' for key 'user_email'\")", "Duplicate entry '...'")]
    [InlineData("new mysqli_sql_exception('MySQL server has gone away')", "MySQL server has gone away")]
    [InlineData("new RuntimeException(\"Cannot move a file named 'a'.\")", "Cannot move a file named 'a'.")]
    [InlineData("new RuntimeException(str_repeat('x', 49) . 'ä')", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx?")]
    public async Task A_database_does_not_tell_what_a_row_holds(string trouble, string said)
    {
        var file = Repository.Path("wordpress", "plugin", "custom-migrator", "src", "Said.php");
        using var php = Process.Start(new ProcessStartInfo("php", ["-r", $"require '{file}'; echo CloneHub\\Migrator\\Said::by({trouble}, 50);"]) { RedirectStandardOutput = true })!;

        Assert.Equal(said, await php.StandardOutput.ReadToEndAsync());
        await php.WaitForExitAsync();
    }
}
