namespace CloneHub.Benchmarks.Engine;

/// <summary>What is measured, by its name in tables and in the raw results.</summary>
internal static class Figure
{
    public const string Start = "start, s";
    public const string Accepted = "accepted/s, {0} clients";
    public const string P50 = "POST p50, ms, {0} clients";
    public const string P99 = "POST p99, ms, {0} clients";
    public const string Refused = "POSTs not accepted, {0} clients";
    public const string Lone = "lone job, ms";
    public const string Through = "jobs done/s";
    public const string Processor = "processor, ms/job";
    public const string Fsyncs = "fsyncs/job";
    public const string Reads = "status reads/s";
    public const string ReadsP99 = "status read p99, ms";
    public const string ReadsWhileWriting = "status reads/s beside POSTs";
    public const string AcceptedWhileReading = "accepted/s beside reads";
    public const string ArchiveLag = "archive lag at most, s";
    public const string RedisSets = "redis-benchmark SETs/s, {0} clients";
    public const string PostgreSqlInserts = "pgbench INSERTs/s, {0} clients";
    public const string ColdStart = "cold start, s";
    public const string Restart = "first accept after SIGKILL with 10,000 in flight, s";
    public const string Running = "heap of a running job, bytes";
    public const string Waiting = "heap of a waiting job, bytes";
    public const string Serving = "heap of a serving job, bytes";

    public static string Of(string figure, int clients) => figure.Replace("{0}", clients.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
}
