using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;

namespace CloneHub.Dev.Host;

/// <summary>The configuration, as environment variables, of a Host that works on private servers and local clones.</summary>
public static class HostSettings
{
    public static Dictionary<string, string> For(PrivateServers servers, DirectoryInfo coreStore, DirectoryInfo state, int port)
    {
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        return new Dictionary<string, string>
        {
            // Of glibc, which keeps memory for each thread that ever asked for some: measured with bench huge.
            ["MALLOC_ARENA_MAX"] = "2",

            // Not ASPNETCORE_URLS: the Urls of appsettings.json would win over it.
            ["Urls"] = address,
            ["CloneHub__Redis__ConnectionString"] = servers.RedisConnectionString,
            ["CloneHub__PostgreSql__ConnectionString"] = servers.PostgreSqlConnectionString,
            ["CloneHub__PostgreSql__MigrateAtStart"] = "true",
            ["CloneHub__MasterKeyFile"] = Path.Combine(state.FullName, "master.key"),
            ["CloneHub__AllowLoopbackSources"] = "true",
            ["CloneHub__Local__MariaDb"] = servers.MariaDbConnectionString,
            ["CloneHub__Local__StateDirectory"] = LocalClones.Folder(state),
            ["CloneHub__Local__SocketDirectory"] = Sockets(servers, state),
            ["CloneHub__Local__CoreStore"] = coreStore.FullName,
            ["CloneHub__Local__PhpFpm"] = PhpFpm.Program,
            ["CloneHub__Local__PublicUrlTemplate"] = string.Create(CultureInfo.InvariantCulture, $"http://{{job_id}}.localhost:{port}"),
            ["CloneHub__Kubernetes__PublicUrlTemplate"] = string.Create(CultureInfo.InvariantCulture, $"http://{{job_id}}.localhost:{port}"),
        };
    }

    /// <summary>Each Host has its own nginx, so each needs a folder of its own for sockets; two in one would take each other's place.</summary>
    private static string Sockets(PrivateServers servers, DirectoryInfo state) =>
        Path.Combine(servers.Sockets.FullName, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(state.FullName)).AsSpan(0, 4)));

    /// <summary>The built program, of the same configuration (debug or release) as this one.</summary>
    public static string Program()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var program = Repository.Path("artifacts", "bin", "CloneHub.Host", configuration, "CloneHub.Host.dll");
        return File.Exists(program)
            ? program
            : throw new SetUpException($"{program} is not there. Build it first: dotnet build src/CloneHub.Host -c {configuration}");
    }
}
