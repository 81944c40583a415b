using CloneHub.Contracts;
using Microsoft.Extensions.Options;
using MySqlConnector;

namespace CloneHub.Provisioning.Local;

/// <summary>Where the local back end keeps clones and which programs it runs them with. Section <c>CloneHub:Local</c>.</summary>
internal sealed class LocalOptions
{
    public const string Section = "CloneHub:Local";
    public const string JobPlaceholder = "{job_id}";

    /// <summary>Connection string of an account that may create databases and users on the clones' MariaDB.</summary>
    public string MariaDb { get; set; } = "";

    public string StateDirectory { get; set; } = ".clonehub/local";

    /// <summary>Folder for unix sockets; their full names must stay under 108 bytes, hence a setting of its own.</summary>
    public string SocketDirectory { get; set; } = ".clonehub/run";

    /// <summary>Folder that holds unpacked WordPress cores as <c>&lt;version&gt;/</c>.</summary>
    public string CoreStore { get; set; } = ".clonehub/cores";

    /// <summary>Address of a clone with <c>{job_id}</c> as the first label of its host.</summary>
    public string PublicUrlTemplate { get; set; } = "http://{job_id}.localhost:5080";

    public string PhpFpm { get; set; } = "php-fpm8.2";

    public string Nginx { get; set; } = "nginx";

    /// <summary>Pause between two looks at the processes that should be running.</summary>
    public TimeSpan SupervisionInterval { get; set; } = TimeSpan.FromSeconds(2);

    public Uri PublicUrlOf(JobId job) => new(PublicUrlTemplate.Replace(JobPlaceholder, job.Value, StringComparison.Ordinal));

    /// <summary>What follows the job id in a clone's host name: <c>.localhost</c>.</summary>
    public string HostSuffix => PublicUrlOf(JobId.FromBytes(new byte[16])).Host[JobId.FromBytes(new byte[16]).Value.Length..];
}

/// <summary>Refuses to start with a setting that cannot work, and names it.</summary>
internal sealed class LocalOptionsValidation : IValidateOptions<LocalOptions>
{
    // sun_path holds 108 bytes with its closing NUL; a socket is called <26 characters>.sock.
    private const int LongestSocketDirectory = 107 - 32;

    public ValidateOptionsResult Validate(string? name, LocalOptions options)
    {
        var wrong = new List<string>();
        void Check(bool holds, string setting, string what)
        {
            if (!holds) wrong.Add($"{LocalOptions.Section}:{setting} {what}");
        }

        Check(IsConnectionString(options.MariaDb), nameof(options.MariaDb), "must be a MariaDB connection string that names a Server.");
        Check(options.StateDirectory.Length > 0, nameof(options.StateDirectory), "must name a folder.");
        Check(options.CoreStore.Length > 0, nameof(options.CoreStore), "must name a folder.");
        Check(options.SocketDirectory.Length > 0, nameof(options.SocketDirectory), "must name a folder.");
        Check(
            options.SocketDirectory.Length == 0 || Path.GetFullPath(options.SocketDirectory).Length <= LongestSocketDirectory,
            nameof(options.SocketDirectory), $"is too long for unix sockets: at most {LongestSocketDirectory} characters as a full path.");
        Check(IsTemplate(options.PublicUrlTemplate), nameof(options.PublicUrlTemplate),
            "must be an http or https address without a path whose host begins with {job_id} and a dot.");
        Check(ExecutablePath.Find(options.PhpFpm) is not null, nameof(options.PhpFpm), $"names no program: '{options.PhpFpm}'.");
        Check(ExecutablePath.Find(options.Nginx) is not null, nameof(options.Nginx), $"names no program: '{options.Nginx}'.");
        Check(options.SupervisionInterval > TimeSpan.Zero, nameof(options.SupervisionInterval), "must be longer than nothing.");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    private static bool IsConnectionString(string text)
    {
        try
        {
            return new MySqlConnectionStringBuilder(text).Server.Length > 0;
        }
        catch (ArgumentException)
        {
            // The text may hold a password, so the answer is only that it is wrong.
            return false;
        }
    }

    private static bool IsTemplate(string template) =>
        template.Contains("://" + LocalOptions.JobPlaceholder + ".", StringComparison.Ordinal)
        && Uri.TryCreate(template.Replace(LocalOptions.JobPlaceholder, "job", StringComparison.Ordinal), UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        && url.PathAndQuery == "/";
}
