using System.Security.Cryptography;
using CloneHub.Contracts;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.WordPress;
using Microsoft.Extensions.Logging.Abstractions;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>What the tests against real source sites share.</summary>
internal static class SourceTests
{
    public static SourceConnector Connector { get; } =
        new(new SourceOptions { AllowLoopback = true }, TimeProvider.System, NullLogger<SourceConnector>.Instance);

    public static JobId NewJob() => JobId.FromBytes(RandomNumberGenerator.GetBytes(16));

    public static CloneOrder OrderFor(Uri source) => new(NewJob(), source, "tests", null);

    public static JobSecrets Secrets(string username, string password)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new JobSecrets(
            username, new Secret(password), new Secret("clone"), new Secret("database"), new Secret(Convert.ToBase64String(key.ExportPkcs8PrivateKey())));
    }

    public static JobSecrets Administrator(SourceSite site) => Secrets(site.AdminUser, site.AdminPassword);

    public static Task<SourceChannel> ConnectAsync(SourceSite site) =>
        Connector.ConnectAsync(OrderFor(site.Url), Administrator(site), 1, CancellationToken.None);

    public static async Task<string> FaultOf(Func<Task> work) => (await Assert.ThrowsAsync<StepFaultException>(work)).Fault.Code;

    public static async Task<List<T>> ToListAsync<T>(this IAsyncEnumerable<T> items)
    {
        var list = new List<T>();
        await foreach (var item in items) list.Add(item);
        return list;
    }

    public static async Task<List<TWanted>> ToListAsync<T, TWanted>(this IAsyncEnumerable<T> items, Func<T, TWanted?> choose)
        where TWanted : class
    {
        var list = new List<TWanted>();
        await foreach (var item in items)
            if (choose(item) is { } wanted) list.Add(wanted);
        return list;
    }

    /// <summary>All rows of a dump, copied out.</summary>
    public static async Task<Dictionary<string, List<byte[]?[]>>> DumpAllAsync(this SourceChannel channel, IReadOnlyList<DumpRequest> tables)
    {
        var rows = new Dictionary<string, List<byte[]?[]>>();
        await foreach (var item in channel.DumpAsync(tables, CancellationToken.None))
        {
            switch (item)
            {
                case TableStarted started:
                    rows.Add(started.Table, []);
                    break;
                case TableRows batch:
                    rows[batch.Table].AddRange(batch.Batch.ToArrays());
                    break;
                case TableEnded ended:
                    Assert.Equal(ended.Rows, rows[ended.Table].Count);
                    break;
            }
        }

        return rows;
    }
}
