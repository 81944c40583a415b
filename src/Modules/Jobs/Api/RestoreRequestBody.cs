using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json.Serialization;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Api;

/// <summary>What POST /api/v2/restore takes.</summary>
internal sealed record RestoreRequestBody
{
    private const string Refuse = "refuse";
    private const string KeepTablesMode = "keep_tables";
    private const string Overwrite = "overwrite";
    private const int MostTables = 100;
    private const int LongestName = 64;

    [Description("The job of the clone whose content is brought; then source_url, source_username and source_password are left out.")]
    public string? SourceJobId { get; init; }

    [Description("Address of the clone, where source_job_id is left out.")]
    [MaxLength(CloneRequestBody.MaxUrl)]
    public string? SourceUrl { get; init; }

    [Description("An administrator's log-in name in the clone.")]
    [MaxLength(CloneRequestBody.MaxUsername)]
    public string? SourceUsername { get; init; }

    [Description("That administrator's password.")]
    [JsonConverter(typeof(RevealedSecretConverter))]
    public Secret? SourcePassword { get; init; }

    [Description("Address of the site that gets the clone's content: http or https, without user name or password in it, at most 2048 characters.")]
    [MaxLength(CloneRequestBody.MaxUrl)]
    public required string TargetUrl { get; init; }

    [Description("An administrator's log-in name at that site.")]
    [MaxLength(CloneRequestBody.MaxUsername)]
    public required string TargetUsername { get; init; }

    [Description("The administrator's password or an application password. Kept encrypted until all lies beside the site, then deleted.")]
    [JsonConverter(typeof(RevealedSecretConverter))]
    public required Secret TargetPassword { get; init; }

    [Description("Whether the site keeps its own plugins: files, which of them are active, and their roles.")]
    [DefaultValue(true)]
    public bool? PreservePlugins { get; init; }

    [Description("Whether the site keeps its own themes: files, which one is active, and its settings.")]
    [DefaultValue(false)]
    public bool? PreserveThemes { get; init; }

    [Description("What becomes of what the site has earned since the clone was made: 'refuse' (default) restores nothing then, 'keep_tables' keeps the tables that are named, 'overwrite' loses it.")]
    [AllowedValues(Refuse, KeepTablesMode, Overwrite)]
    [DefaultValue(Refuse)]
    public string? OnDrift { get; init; }

    [Description("Tables of the site that stay, by full name, 100 at most. Required with on_drift 'keep_tables', and for nothing else.")]
    [MaxLength(MostTables)]
    public IReadOnlyList<string>? KeepTables { get; init; }

    [Description("Whether only the plan is wanted. Nothing is changed then.")]
    [DefaultValue(false)]
    public bool? DryRun { get; init; }

    [Description("Your own label for the job: a-z, 0-9 and inner dashes, at most 50 characters.")]
    [RegularExpression("^[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?$")]
    public string? CustomerId { get; init; }

    [Description("Address to call when the job is completed, failed or cancelled: https, at most 2048 characters. See docs/webhooks.md.")]
    [MaxLength(CloneRequestBody.MaxUrl)]
    [JsonConverter(typeof(RevealedSecretConverter))]
    public Secret? CallbackUrl { get; init; }

    public static (RestoreRequestBody?, Problem?) Check(FieldReader fields)
    {
        var body = new RestoreRequestBody
        {
            SourceJobId = fields.Text("source_job_id", int.MaxValue),
            SourceUrl = fields.Text("source_url", CloneRequestBody.MaxUrl),
            SourceUsername = fields.Text("source_username", CloneRequestBody.MaxUsername),
            SourcePassword = Hidden(fields.Text("source_password", CloneRequestBody.MaxPassword)),
            TargetUrl = fields.Text("target_url", CloneRequestBody.MaxUrl)!,
            TargetUsername = fields.Text("target_username", CloneRequestBody.MaxUsername)!,
            TargetPassword = Hidden(fields.Text("target_password", CloneRequestBody.MaxPassword))!,
            PreservePlugins = fields.Flag("preserve_plugins"),
            PreserveThemes = fields.Flag("preserve_themes"),
            OnDrift = fields.Text("on_drift", int.MaxValue),
            KeepTables = fields.Texts(KeepTablesMode, MostTables, LongestName),
            DryRun = fields.Flag("dry_run"),
            CustomerId = fields.Text("customer_id", int.MaxValue),
            CallbackUrl = Hidden(fields.Text("callback_url", CloneRequestBody.MaxUrl)),
        };
        fields.RefuseOthers();
        CheckSource(fields, body);
        foreach (var name in (string[])["target_url", "target_username", "target_password"])
            if (!fields.Has(name)) fields.Refuse(name, "is required");
        CheckAddress(fields, "target_url", body.TargetUrl, "; send those in target_username and target_password");
        CheckLogIn(fields, "target", body.TargetUsername, body.TargetPassword);
        CheckDrift(fields, body);
        if (body.CustomerId is { } customer && !CloneRequestBody.IsLabel(customer)) fields.Refuse("customer_id", CloneRequestBody.LabelFault);
        CheckAddress(fields, "callback_url", body.CallbackUrl?.Reveal());
        return fields.Errors.Count > 0 ? (null, fields.ToProblem()) : (body, null);
    }

    public RestoreRequest ToRequest(string tenant, string? idempotencyKey) => new(
        tenant,
        SourceJobId is null ? new Uri(SourceUrl!) : null, SourceUsername, SourcePassword, SourceJobId is null ? null : JobId.Parse(SourceJobId),
        new Uri(TargetUrl), TargetUsername, TargetPassword,
        PreservePlugins ?? true, PreserveThemes ?? false,
        OnDrift switch { KeepTablesMode => Contracts.OnDrift.KeepTables, Overwrite => Contracts.OnDrift.Overwrite, _ => Contracts.OnDrift.Refuse }, KeepTables ?? [], DryRun ?? false,
        CustomerId, idempotencyKey, CallbackUrl)
    {
        Source = SourceJobId is null ? [SourceUrl!, SourceUsername!, SourcePassword!.Reveal()] : [SourceJobId],
    };

    private static Secret? Hidden(string? text) => text is null ? null : new Secret(text);

    private static void CheckSource(FieldReader fields, RestoreRequestBody body)
    {
        string[] others = ["source_url", "source_username", "source_password"];
        if (fields.Has("source_job_id"))
        {
            if (body.SourceJobId is { } id && !JobId.TryParse(id, out _)) fields.Refuse("source_job_id", "must be a job id");
            foreach (var name in others)
                if (fields.Has(name)) fields.Refuse(name, "must be left out with source_job_id");
            return;
        }

        foreach (var name in others)
            if (!fields.Has(name)) fields.Refuse(name, "is required without source_job_id");
        CheckAddress(fields, "source_url", body.SourceUrl, "; send those in source_username and source_password");
        CheckLogIn(fields, "source", body.SourceUsername, body.SourcePassword);
    }

    private static void CheckAddress(FieldReader fields, string name, string? address, string advice = "")
    {
        if (address is not null && CloneRequestBody.UrlFault(address, advice) is { } fault) fields.Refuse(name, fault);
    }

    private static void CheckLogIn(FieldReader fields, string whose, string? username, Secret? password)
    {
        if (username is "" || username?.Any(char.IsControl) == true) fields.Refuse($"{whose}_username", "must not be empty or hold control characters");
        if (password?.Reveal() is "" || password?.Reveal().Contains('\0', StringComparison.Ordinal) == true) fields.Refuse($"{whose}_password", "must not be empty or hold a NUL character");
    }

    private static void CheckDrift(FieldReader fields, RestoreRequestBody body)
    {
        if (body.OnDrift is not (null or Refuse or KeepTablesMode or Overwrite)) fields.Refuse("on_drift", $"must be '{Refuse}', '{KeepTablesMode}' or '{Overwrite}'");
        if (body.OnDrift is KeepTablesMode && body.KeepTables is null or []) fields.Refuse(KeepTablesMode, $"is required with on_drift '{KeepTablesMode}'");
        if (body.OnDrift is not KeepTablesMode && fields.Has(KeepTablesMode)) fields.Refuse(KeepTablesMode, $"is for on_drift '{KeepTablesMode}' only");
    }

    // The record's own text would show user names in a log line.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("TargetUrl = ").Append(TargetUrl);
        return true;
    }
}
