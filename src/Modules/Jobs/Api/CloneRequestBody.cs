using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Api;

/// <summary>What POST /api/v2/clone takes.</summary>
internal sealed partial record CloneRequestBody
{
    public const int DefaultTtl = 30;
    public const int MinTtl = 5;
    public const int MaxTtl = 1440;
    public const string LabelFault = "must be 1 to 50 characters a-z, 0-9 or '-', and neither begin nor end with '-'";
    public const string Bulk = "bulk";
    public const string OnDemand = "on_demand";
    private const string Interactive = "interactive";
    private const string Eager = "eager";
    public const int MaxUrl = 2048;
    public const int MaxUsername = 255;
    public const int MaxPassword = 1024;

    [Description("Address of the WordPress site to clone: http or https, without user name or password in it, at most 2048 characters.")]
    [MaxLength(MaxUrl)]
    public required string SourceUrl { get; init; }

    [Description("An administrator's log-in name at the source. Without it and a password the clone holds what the source publishes to everyone, unless by_hand is true.")]
    [MaxLength(MaxUsername)]
    public string? SourceUsername { get; init; }

    [Description("The administrator's password or an application password. Kept encrypted while the job builds; deleted once its clone serves or it has failed.")]
    [JsonConverter(typeof(RevealedSecretConverter))]
    public Secret? SourcePassword { get; init; }

    [Description("Your own label for the clone: a-z, 0-9 and inner dashes, at most 50 characters.")]
    [RegularExpression("^[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?$")]
    public string? CustomerId { get; init; }

    [Description("How long the clone serves, in minutes from the moment it is ready: 5 to 1440.")]
    [DefaultValue(DefaultTtl)]
    [Range(MinTtl, MaxTtl)]
    public int? TtlMinutes { get; init; }

    [Description("Whether your earlier clones of the same customer_id are removed once this one serves. Requires customer_id.")]
    [DefaultValue(false)]
    public bool? Replace { get; init; }

    [Description("'interactive' (default) if somebody waits for the clone; 'bulk' if many are made and each may take its time: those go behind, every fifth turn excepted.")]
    [AllowedValues(Interactive, Bulk)]
    [DefaultValue(Interactive)]
    public string? Priority { get; init; }

    [Description("Whether you install the connector at the source yourself where CloneHub cannot: without log-in, or where the log-in or the installation is refused. The job then waits with action_required.")]
    [DefaultValue(false)]
    public bool? ByHand { get; init; }

    [Description("'eager' (default): the clone is handed over with all its files. 'on_demand': pictures, films and documents below the uploads come once it serves, each with its first visitor and the others one after the other. Not for copies of what a source publishes.")]
    [AllowedValues(Eager, OnDemand)]
    [DefaultValue(Eager)]
    public string? Media { get; init; }

    [Description("Address to call when the job is completed, failed, cancelled or removed: https, at most 2048 characters, without user name or password in it. It may hold a token; it is kept encrypted and told nobody. See docs/webhooks.md.")]
    [MaxLength(MaxUrl)]
    [JsonConverter(typeof(RevealedSecretConverter))]
    public Secret? CallbackUrl { get; init; }

    /// <summary>Reads and checks a body. Exactly one of the two answers is set.</summary>
    public static (CloneRequestBody? Body, Problem? Problem) Parse(ReadOnlyMemory<byte> json) => JsonBody.Parse(json, Check);

    private static (CloneRequestBody?, Problem?) Check(FieldReader fields)
    {
        var url = fields.Text("source_url", MaxUrl);
        var username = fields.Text("source_username", MaxUsername);
        var password = fields.Text("source_password", MaxPassword);
        var customer = fields.Text("customer_id", int.MaxValue);
        var ttl = fields.Integer("ttl_minutes");
        var replace = fields.Flag("replace");
        var priority = fields.Text("priority", int.MaxValue);
        var byHand = fields.Flag("by_hand");
        var media = fields.Text("media", int.MaxValue);
        var callback = fields.Text("callback_url", MaxUrl);
        fields.RefuseOthers();

        if (!fields.Has("source_url")) fields.Refuse("source_url", "is required");
        else if (url is not null && UrlFault(url, "; send those in source_username and source_password") is { } fault) fields.Refuse("source_url", fault);
        if (username is not null && username.Any(char.IsControl)) fields.Refuse("source_username", "must not hold control characters");
        if (password is not null && password.Contains('\0', StringComparison.Ordinal)) fields.Refuse("source_password", "must not hold a NUL character");
        if (customer is not null && !IsLabel(customer)) fields.Refuse("customer_id", LabelFault);
        if (TtlFault(ttl) is { } ttlFault) fields.Refuse("ttl_minutes", ttlFault);
        if (replace is true && !fields.Has("customer_id")) fields.Refuse("customer_id", "is required with replace");
        if (priority is not (null or Interactive or Bulk)) fields.Refuse("priority", $"must be '{Interactive}' or '{Bulk}'");
        if (media is not (null or Eager or OnDemand)) fields.Refuse("media", $"must be '{Eager}' or '{OnDemand}'");
        if (media is OnDemand && string.IsNullOrEmpty(username) && byHand is not true) fields.Refuse("media", $"can be '{OnDemand}' only with a log-in at the source, or with by_hand");
        if (callback is not null && UrlFault(callback) is { } callbackFault) fields.Refuse("callback_url", callbackFault);

        if (fields.Errors.Count > 0) return (null, fields.ToProblem());
        if (Credentials(username, password) is { } problem) return (null, problem);
        return (new CloneRequestBody
        {
            SourceUrl = url!,
            SourceUsername = username,
            SourcePassword = password is null ? null : new Secret(password),
            CustomerId = customer,
            TtlMinutes = ttl,
            Replace = replace,
            Priority = priority,
            ByHand = byHand,
            Media = media,
            CallbackUrl = callback is null ? null : new Secret(callback),
        }, null);
    }

    public static string? TtlFault(int? minutes) => minutes is < MinTtl or > MaxTtl ? $"must be from {MinTtl} to {MaxTtl}" : null;

    public static bool IsLabel(string text) => CustomerLabel().IsMatch(text);

    private static Problem? Credentials(string? username, string? password) => (string.IsNullOrEmpty(username), string.IsNullOrEmpty(password)) switch
    {
        (true, false) => Incomplete("source_username", "source_password"),
        (false, true) => Incomplete("source_password", "source_username"),
        _ => null,
    };

    public static Problem Incomplete(string missing, string given) =>
        new(ProblemKind.CredentialsIncomplete, $"The request has {given} but not {missing}.")
        {
            Errors = new Dictionary<string, string[]> { [missing] = [$"is required with {given}"] },
        };

    /// <summary>What is wrong with an address that is to be gone to; null if nothing is.</summary>
    /// <param name="adviceOnLogIn">Where a user name and a password belong instead.</param>
    public static string? UrlFault(string url, string adviceOnLogIn = "")
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
            return "must be an absolute http or https address";
        if (url.Any(char.IsControl) || url.Contains('\\', StringComparison.Ordinal)) return "must not hold control characters or backslashes";
        return uri.UserInfo.Length > 0 ? $"must not hold a user name or password{adviceOnLogIn}" : null;
    }

    // \z, not $: a dollar sign also matches before a final line break.
    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex CustomerLabel();

    // The record's own text would show the user name in a log line.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("SourceUrl = ").Append(SourceUrl);
        return true;
    }
}
