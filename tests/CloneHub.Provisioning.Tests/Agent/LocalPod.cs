using System.Diagnostics;
using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Dev;
using CloneHub.Dev.Servers;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Testing;
using MySqlConnector;

namespace CloneHub.Provisioning.Tests.Agent;

/// <summary>The inside of a clone's pod, without the pod: folders, a database and PHP's own web server. The agent runs in it as a process.</summary>
internal sealed class LocalPod : IAsyncDisposable
{
    private static readonly string Program = Repository.Path("artifacts", "bin", "CloneHub.Agent", "release", "clonehub-agent");

    private readonly DirectoryInfo _folder;
    private readonly string _cores;
    private readonly int _port = Ports.Free();
    private Process? _php;

    private LocalPod(DirectoryInfo folder, string cores, AgentDatabase database, JobSecrets secrets)
    {
        (_folder, _cores, Database, Secrets) = (folder, cores, database, secrets);
        PublicUrl = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{Job}.localhost:{_port}/"));
    }

    public JobId Job { get; } = SourceTests.NewJob();

    public AgentDatabase Database { get; }

    public JobSecrets Secrets { get; }

    public Uri PublicUrl { get; }

    public DirectoryInfo Root => _folder.CreateSubdirectory("root");

    public string PublicKey => CloneKeys.Of(Secrets).PublicKey;

    public StepToken Token(long fence) => new(Job, CloneStep.ImportContent, 1, fence);

    public static async Task<LocalPod> StartAsync(ServersFixture servers, JobSecrets secrets)
    {
        var administrator = new MySqlConnectionStringBuilder(await servers.NewMariaDbDatabaseAsync());
        var user = ServersFixture.Unique("u");
        await using var connection = new MySqlConnection(administrator.ConnectionString);
        await connection.OpenAsync();
        await using var grant = new MySqlCommand(
            $"CREATE USER {user}@localhost IDENTIFIED BY '{secrets.DatabasePassword.Reveal()}'; GRANT ALL ON {administrator.Database}.* TO {user}@localhost", connection);
        await grant.ExecuteNonQueryAsync();
        var database = new AgentDatabase(administrator.Server, administrator.Port, administrator.Database, user);
        var pod = new LocalPod(servers.NewFolder(), (await servers.CoreStoreAsync()).FullName, database, secrets);
        await File.WriteAllTextAsync(Path.Combine(pod._folder.CreateSubdirectory("secrets").FullName, CloneImage.DatabasePasswordKey), secrets.DatabasePassword.Reveal());
        await pod.ServeAsync();
        return pod;
    }

    /// <summary>Runs the agent as the back end would and answers what its last line says.</summary>
    public async Task<TEnd> RunAsync<TEnd>(string command, AgentRequest request, IProgress<ContentProgress>? progress = null)
        where TEnd : AgentEnd
    {
        using var agent = Start(command);
        await agent.StandardInput.BaseStream.WriteAsync(AgentCall.Document(request));
        await agent.StandardInput.BaseStream.FlushAsync();
        var end = await AgentCall.ReadAsync<TEnd>(agent.StandardOutput.BaseStream, Token(request.Fence), progress, TimeProvider.System, default);
        await agent.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, agent.ExitCode);
        return end;
    }

    /// <summary>Runs the agent with raw bytes that end.</summary>
    public async Task<(int Code, string Output, string Error)> RunRawAsync(string[] arguments, byte[] input)
    {
        using var agent = Start(arguments);
        await agent.StandardInput.BaseStream.WriteAsync(input);
        agent.StandardInput.Close();
        var (output, error) = (agent.StandardOutput.ReadToEndAsync(), agent.StandardError.ReadToEndAsync());
        await agent.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        return (agent.ExitCode, await output, await error);
    }

    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["CLONEHUB_ROOT"] = Root.FullName;
        start.Environment["CLONEHUB_STATE"] = _folder.CreateSubdirectory("state").FullName;
        start.Environment["CLONEHUB_TEMPORARY"] = _folder.CreateSubdirectory("tmp").FullName;
        start.Environment["CLONEHUB_CORES"] = _cores;
        start.Environment["CLONEHUB_SECRETS"] = Path.Combine(_folder.FullName, "secrets");
        start.Environment["CLONEHUB_SERVER"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}/");
        return Process.Start(start)!;
    }

    /// <summary>A page of the clone, asked for by its public address.</summary>
    public async Task<string> PageAsync(string path)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}{path}"));
        request.Headers.Host = PublicUrl.Authority;
        using var answer = await http.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_php is null) return;
        _php.StandardInput.Close();
        await _php.WaitForExitAsync();
        _php.Dispose();
    }

    // PHP and its workers end when this end of its shell's input is closed, also by the death of the test process.
    private async Task ServeAsync()
    {
        var start = new ProcessStartInfo("sh", ["-c", "setsid php -S \"$0\" -t \"$1\" >/dev/null 2>&1 </dev/null & php=$!; read -r _; kill -- -$php", $"127.0.0.1:{_port}", Root.FullName])
        {
            RedirectStandardInput = true,
        };
        start.Environment["PHP_CLI_SERVER_WORKERS"] = "4";
        _php = Process.Start(start)!;
        using var http = new HttpClient();
        await Eventually.Until("PHP answers for the pod", async () =>
        {
            try
            {
                using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{_port}/"));
                return true;
            }
            catch (HttpRequestException)
            {
                // Not yet.
                return false;
            }
        }, TimeSpan.FromSeconds(20));
    }
}
