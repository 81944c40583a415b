using CloneHub.Contracts;
using CloneHub.Provisioning.Database;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Local;

/// <summary>Where the local back end keeps clones and which programs it runs them with. Section <c>CloneHub:Local</c>.</summary>
internal sealed class LocalOptions
{
    public const string Section = "CloneHub:Local";

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

    public Uri PublicUrlOf(JobId job) => PublicAddress.Of(PublicUrlTemplate, job);

    public string HostSuffix => PublicAddress.SuffixOf(PublicUrlTemplate);
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

        Check(CloneServer.IsAddress(options.MariaDb), nameof(options.MariaDb), "must be a MariaDB connection string that names a Server.");
        Check(options.StateDirectory.Length > 0, nameof(options.StateDirectory), "must name a folder.");
        Check(options.CoreStore.Length > 0, nameof(options.CoreStore), "must name a folder.");
        Check(options.SocketDirectory.Length > 0, nameof(options.SocketDirectory), "must name a folder.");
        Check(
            options.SocketDirectory.Length == 0 || Path.GetFullPath(options.SocketDirectory).Length <= LongestSocketDirectory,
            nameof(options.SocketDirectory), $"is too long for unix sockets: at most {LongestSocketDirectory} characters as a full path.");
        Check(PublicAddress.IsTemplate(options.PublicUrlTemplate), nameof(options.PublicUrlTemplate), PublicAddress.Rule);
        Check(ExecutablePath.Find(options.PhpFpm) is not null, nameof(options.PhpFpm), $"names no program: '{options.PhpFpm}'.");
        Check(ExecutablePath.Find(options.Nginx) is not null, nameof(options.Nginx), $"names no program: '{options.Nginx}'.");
        Check(options.SupervisionInterval > TimeSpan.Zero, nameof(options.SupervisionInterval), "must be longer than nothing.");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}
