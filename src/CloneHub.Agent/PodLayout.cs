using CloneHub.Contracts;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.WordPress.Import;
using MySqlConnector;

namespace CloneHub.Agent;

/// <summary>Where things are in the pod: as <see cref="CloneImage"/> says, unless the environment says otherwise.</summary>
/// <param name="Server">Address of the clone's own web server.</param>
internal sealed record PodLayout(string Root, string State, string Temporary, string CoreStore, string Secrets, Uri Server)
{
    /// <summary>Log-in name that was chosen for the caller's administrator.</summary>
    public string UsernameMark => Path.Combine(State, "username");

    /// <summary>Exists once an import has ended well; holds the job's id.</summary>
    public string ContentMark => Path.Combine(State, "content");

    /// <summary>PHP's and nginx's as the image's configuration names them. The image's entry point keeps all of them short.</summary>
    public string LogOf(CloneLogKind kind) => Path.Combine(State, kind switch
    {
        CloneLogKind.Access => "access.log",
        CloneLogKind.Agent => "agent.log",
        _ => "php-error.log",
    });

    /// <summary>As the image's php.ini names it.</summary>
    public string CompiledCode => Path.Combine(State, "opcache");

    /// <summary>What the image's start has put into the document root; null without any.</summary>
    public string? NewestCore => !Directory.Exists(CoreStore)
        ? null
        : Directory.EnumerateDirectories(CoreStore).Where(core => Version.TryParse(Path.GetFileName(core), out _)).MaxBy(core => Version.Parse(Path.GetFileName(core)));

    public string Fences => Path.Combine(State, "fences");

    public string PhpPid => Path.Combine(Temporary, "php-fpm.pid");

    public static PodLayout FromEnvironment() => new(
        Of("CLONEHUB_ROOT", CloneImage.Root), Of("CLONEHUB_STATE", CloneImage.State), Of("CLONEHUB_TEMPORARY", CloneImage.Temporary),
        Of("CLONEHUB_CORES", CloneImage.CoreStore), Of("CLONEHUB_SECRETS", CloneImage.Secrets), new Uri(Of("CLONEHUB_SERVER", $"http://127.0.0.1:{CloneImage.Port}/")));

    /// <summary>PHP runs under the agent's own account here, so no file has to change hands.</summary>
    public CloneTarget TargetOf(JobId job, Uri publicUrl, AgentDatabase database, Secret password)
    {
        var overSocket = database.Host.StartsWith('/');
        var connection = new MySqlConnectionStringBuilder
        {
            Server = database.Host,
            Port = database.Port,
            ConnectionProtocol = overSocket ? MySqlConnectionProtocol.UnixSocket : MySqlConnectionProtocol.Sockets,
            Database = database.Name,
            UserID = database.User,
            Password = password.Reveal(),
            AllowLoadLocalInfile = true,
            AllowUserVariables = true,
        };
        return new CloneTarget(
            job, connection.ConnectionString, overSocket ? $"localhost:{database.Host}" : $"{database.Host}:{database.Port}", database.Name, database.User,
            new DirectoryInfo(Root), new DirectoryInfo(State), Directory.Exists(CoreStore) ? new DirectoryInfo(CoreStore) : null, publicUrl);
    }

    /// <summary>The password of the clone's database user: from the document, else from the pod's Secret.</summary>
    public Secret PasswordOf(AgentDatabase database)
    {
        if (database.Password is { } given) return given;
        var file = Path.Combine(Secrets, CloneImage.DatabasePasswordKey);
        return File.Exists(file) ? new Secret(File.ReadAllText(file)) : throw new DocumentException($"The document holds no password of the database, and there is no {file}.");
    }

    private static string Of(string variable, string usual)
    {
#pragma warning disable RS0030 // The image sets none of them: they are for running the program outside of it.
        return Environment.GetEnvironmentVariable(variable) is { Length: > 0 } other ? other : usual;
#pragma warning restore RS0030
    }
}
