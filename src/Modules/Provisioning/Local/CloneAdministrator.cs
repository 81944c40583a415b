using System.Text.RegularExpressions;
using CloneHub.Contracts;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.WordPress;

namespace CloneHub.Provisioning.Local;

/// <summary>Asks the plugin inside a clone who it is and has it make the caller's administrator.</summary>
internal sealed partial class CloneAdministrator(NginxClient nginx, CloneDatabase database, TimeProvider clock)
{
    private const string Login = "clonehub";

    public async Task<PluginReport> AdoptAsync(ClonePaths paths, Uri publicUrl, JobSecrets secrets, CancellationToken cancellation)
    {
        using var plugin = new ClonePlugin(nginx.Http, Inside(publicUrl), publicUrl.Authority, paths.Job, secrets.ConnectorKey, clock);
        var facts = await plugin.HelloAsync(cancellation);
        if (facts.JobId != paths.Job.Value || facts.PluginVersion != CustomMigratorPackage.Version)
            throw new StepFaultException(new StepFault(
                "ACTIVATION_FATAL", "Another plugin than the one of this job answers inside the clone.", "It is tried again.", Retryable: true));
        var username = await ChooseLoginAsync(paths, cancellation);
        return await plugin.AdoptAsync(username, $"{username}@{publicUrl.Host}", secrets.ClonePassword, cancellation);
    }

    /// <summary>The address as nginx understands it: always plain HTTP, the public scheme is only told.</summary>
    public static Uri Inside(Uri publicUrl) => new UriBuilder(publicUrl) { Scheme = Uri.UriSchemeHttp, Port = publicUrl.Port }.Uri;

    // A repeat must find the account it made before, and must not take it for one that came with the source.
    private async Task<string> ChooseLoginAsync(ClonePaths paths, CancellationToken cancellation)
    {
        if (File.Exists(paths.UsernameMark)) return await File.ReadAllTextAsync(paths.UsernameMark, cancellation);
        var config = await File.ReadAllTextAsync(Path.Combine(paths.Www, "wp-config.php"), cancellation);
        var prefix = TablePrefix().Match(config) is { Success: true } found ? found.Groups[1].Value : "wp_";
        var login = await database.HasLoginAsync(paths.Job, prefix, Login, cancellation) ? $"{Login}-{paths.Job.Key[..4]}" : Login;
        await File.WriteAllTextAsync(paths.UsernameMark, login, cancellation);
        return login;
    }

    [GeneratedRegex(@"\$table_prefix\s*=\s*'([^']*)'")]
    private static partial Regex TablePrefix();
}
