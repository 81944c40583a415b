using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using CloneHub.Contracts;
using CloneHub.Jobs;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.WordPress;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Provisioning.Tests.Failures;

/// <summary>What goes wrong once a source has let us in, or on our own side.</summary>
internal static class ContentFailures
{
    private static readonly RequestDelegate OddTable = Schema("CREATE TABLE `wp_odd` (`a` WONDER)");
    private static readonly RequestDelegate PlainTable = Schema("CREATE TABLE `wp_odd` (`a` LONGTEXT)");

    public static IEnumerable<NamedFailure> OfTheSource =>
    [
        new("folders that lie in one another", "LAYOUT_UNSUPPORTED", "plugins", stage => stage.ImportAsync(stage.Host.Scene("nested"))),
        new("a connector whose time is up", "CHANNEL_EXPIRED", "time", stage => stage.ImportAsync("schema", SourceFailures.Page(410))),
        new("a database that the connector cannot read", "CONNECTOR_FAILED", "no such luck", stage => stage.ImportAsync("schema", ScriptedConnector.Error(isFinal: true))),
        new("an error that comes again and again", "CONNECTOR_FAILED", "no such luck", stage => stage.ImportAsync("dump", ScriptedConnector.Error(isFinal: false))),
        new("a line that always breaks", "SOURCE_UNREACHABLE", "reached: The connection broke.", stage => stage.ImportAsync("dump", ScriptedConnector.HalfAnAnswer())),
        new("a path that leads out of the site", "SOURCE_UNTRUSTED", "../evil.php", stage => stage.ImportAsync("list", List("f\t4\t1600000000\t644\t\t..%2Fevil.php\t"))),
        new("a link that leads out of the site", "SOURCE_UNTRUSTED", "/etc/passwd", stage => stage.ImportAsync("list", List("l\t0\t1600000000\t777\t\tpasswd\t%2Fetc%2Fpasswd"))),
        new("a row that is too large", "CELL_TOO_LARGE", "32 MB", stage => stage.ImportAsync("schema", PlainTable, "dump", TooLarge)),
        new("a table that MariaDB does not understand", "DDL_UNSUPPORTED", "wp_odd", stage => stage.ImportAsync("schema", OddTable)),
        new("a definition that makes no table", "IMPORT_FAILED", "makes no table", stage => stage.ImportAsync("schema", Schema("DROP TABLE `wp_users`"))),
        new("rows that are counted and never come", "VERIFY_FAILED", "only 0 of its 5 rows", stage => stage.ImportAsync("schema", PlainTable, "dump", Dump(counted: 5))),
        new("a site without the tables of WordPress", "VERIFY_FAILED", "lacks tables", stage => stage.ImportAsync("schema", PlainTable, "dump", Dump(counted: 0))),
    ];

    public static IEnumerable<NamedFailure> OfPublicSites =>
    [
        new("a public API that wants a log-in", "PUBLIC_API_CLOSED", "401", stage => stage.VisitAsync("closed")),
        new("a public site that is empty", "PUBLIC_SITE_EMPTY", "neither posts nor pages", stage => stage.VisitAsync("empty")),
        new("robots who are not welcome", "ROBOTS_DISALLOW", "robots.txt", stage => stage.VisitAsync("robots")),
        new("a public site that wants to be left alone", "SOURCE_RATE_LIMITED", "3600 seconds", stage => stage.VisitAsync("busy")),
        new("a public API that always fails", "SOURCE_SERVER_ERROR", "500", stage => stage.VisitAsync("broken")),
        new("an item that is too large", "SOURCE_ANSWER_TOO_LARGE", "32 MB", stage => stage.VisitAsync("huge")),
        new("posts that are counted and never come", "VERIFY_FAILED", "counts", stage => stage.ImportAsync(stage.Host.Scene("miscounting"), CloneFidelity.Public)),
        new("a public site that is too large", "PUBLIC_SITE_TOO_LARGE", "100,000", stage => stage.ImportAsync(stage.Host.Scene("overgrown"), CloneFidelity.Public)),
        new("a public site that is no WordPress", "NOT_WORDPRESS", "no WordPress", stage => stage.VisitAsync(stage.Host.Answering(SourceFailures.Page(200, "<h1>Hello</h1>")))),
        new("a public site that leads inside", "SOURCE_ADDRESS_REFUSED", "192.168.1.1", stage => stage.VisitAsync(stage.Host.Answering(SourceFailures.Redirect("http://192.168.1.1/")))),
        new("robots.txt of a server in trouble", "SOURCE_UNREACHABLE", "robots.txt", stage => stage.VisitAsync(stage.Host.Answering(SourceFailures.Page(500)))),
    ];

    public static IEnumerable<NamedFailure> OfOurs =>
    [
        new("a disk that is full from the start", "DISK_FULL", "no room", stage => stage.StartOnFullDiskAsync()),
        new("a disk that fills up", "DISK_FULL", "no room", stage => stage.ImportOnFullDiskAsync()),
        new("a database whose disk is full", "DISK_FULL", "no room", stage => stage.ImportIntoFullDatabaseAsync()),
        new("a clone's database that lets nobody in", "IMPORT_FAILED", "Access denied", stage => stage.ImportWithoutDatabaseUserAsync()),
        new("a clone without its plugin", "PLUGIN_SILENT", "did not answer", stage => stage.ActivateNothingAsync()),
        new("a database server that is away", "BACKEND_UNAVAILABLE", "database server", stage => stage.WithDatabaseServerAsync("Server=127.0.0.1;Port=1")),
        new("a database server that lets nobody in", "INTERNAL", "database server", stage => stage.WithDatabaseServerAsync(stage.DatabaseSocket)),
        new("secrets that are gone", "INTERNAL", "secrets", stage => stage.WithoutSecretsAsync()),
        new("a step that takes too long", "STEP_TIMED_OUT", "60 minutes", _ => Ended(FailingJob.With(CloneStep.ImportContent, CloneJob.TimedOut(CloneStep.ImportContent)))),
        new("a worker that dies at every start", "STEP_STARTED_TOO_OFTEN", "interrupted", _ => Ended(FailingJob.WithDyingWorker())),
        new("an owner who does not install the connector", "ACTION_NOT_TAKEN", "second factor", _ => Ended(FailingJob.WithIdleOwner(SourceFaults.SecondFactor().Fault))),
        new("a job that does not come to its end", "JOB_TIMED_OUT", "two hours", _ => Ended(FailingJob.WithoutEnd())),
    ];

    /// <summary>A row whose only value is announced with more bytes than are taken.</summary>
    private static RequestDelegate TooLarge
    {
        get
        {
            var row = new byte[12];
            row[0] = row[4] = 1;
            BinaryPrimitives.WriteUInt32LittleEndian(row.AsSpan(8), WireRows.FollowsLength);
            var piece = new byte[21];
            BinaryPrimitives.WriteInt64LittleEndian(piece.AsSpan(12), BigRow.LargestRow + 1);
            return ScriptedConnector.Frames((FrameType.Table, """{"name":"wp_odd"}"""u8.ToArray()), (FrameType.Rows, row), (FrameType.BigValue, piece));
        }
    }

    private static Task<CloneJob> Ended(CloneJob job) => Task.FromResult(job);

    private static RequestDelegate Schema(string createSql)
    {
        var column = new SourceColumn("a", "longtext", "longtext", "utf8mb4", IsGenerated: false);
        var table = new SourceTable("wp_odd", false, "InnoDB", "utf8mb4_unicode_ci", [column], [], createSql, 0, 0);
        var schema = JsonSerializer.SerializeToUtf8Bytes(new SourceSchema([table], [], []), CallJson.Default.SourceSchema);
        return ScriptedConnector.Frames((FrameType.Json, schema), (FrameType.End, "{}"u8.ToArray()));
    }

    private static RequestDelegate Dump(int counted) => ScriptedConnector.Frames(
        (FrameType.Table, """{"name":"wp_odd"}"""u8.ToArray()),
        (FrameType.TableEnd, Encoding.UTF8.GetBytes($$"""{"rows":0,"crc":0,"counted":{{counted}}}""")),
        (FrameType.End, """{"fuzzy":[]}"""u8.ToArray()));

    private static RequestDelegate List(string line) =>
        ScriptedConnector.Frames((FrameType.FileList, Encoding.UTF8.GetBytes(line + "\n")), (FrameType.End, """{"after":"","left_out":[]}"""u8.ToArray()));
}
