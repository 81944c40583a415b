using CloneHub.Contracts;

namespace CloneHub.Provisioning;

/// <summary>Addresses of clones, from a template whose host begins with <c>{job_id}</c>.</summary>
internal static class PublicAddress
{
    public const string JobPlaceholder = "{job_id}";

    public const string Rule = "must be an http or https address without a path whose host begins with {job_id} and a dot.";

    public static Uri Of(string template, JobId job) => new(template.Replace(JobPlaceholder, job.Value, StringComparison.Ordinal));

    /// <summary>What follows the job id in a clone's host name: <c>.localhost</c>.</summary>
    public static string SuffixOf(string template)
    {
        var any = JobId.FromBytes(new byte[16]);
        return Of(template, any).Host[any.Value.Length..];
    }

    /// <summary>Whether a clone is there, if there is one of that id.</summary>
    public static bool Leads(string template, Uri address) =>
        address.Host.EndsWith(SuffixOf(template), StringComparison.OrdinalIgnoreCase) && JobId.TryParse(address.Host[..^SuffixOf(template).Length].ToLowerInvariant(), out var job)
        && Of(template, job) is var own && own.Scheme == address.Scheme && own.Port == address.Port;

    public static bool IsTemplate(string template) =>
        template.Contains("://" + JobPlaceholder + ".", StringComparison.Ordinal)
        && Uri.TryCreate(template.Replace(JobPlaceholder, "job", StringComparison.Ordinal), UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        && url.PathAndQuery == "/";
}
