using Microsoft.AspNetCore.Http;

namespace CloneHub.Jobs.Api;

/// <summary>The kinds of refusal this API knows. Each code is stable and has its paragraph in docs/errors.md.</summary>
/// <param name="Hint">What the caller can do, where nothing more precise is known.</param>
internal sealed record ProblemKind(int Status, string Code, string Title, string Hint)
{
    public static readonly ProblemKind BadRequest = new(
        StatusCodes.Status400BadRequest, "BAD_REQUEST", "The request cannot be understood", "Compare the request with /openapi/v1.json.");

    public static readonly ProblemKind MalformedJson = new(
        StatusCodes.Status400BadRequest, "MALFORMED_JSON", "The body is not JSON", "Send one JSON object in UTF-8, without comments or repeated names.");

    public static readonly ProblemKind ValidationFailed = new(
        StatusCodes.Status400BadRequest, "VALIDATION_FAILED", "Some fields are not right", "Correct the fields named in errors and send the request again.");

    public static readonly ProblemKind CredentialsIncomplete = new(
        StatusCodes.Status400BadRequest, "CREDENTIALS_INCOMPLETE", "Half of the source's credentials is missing",
        "Send source_username and source_password together, or neither to clone what the source publishes to everyone.");

    public static readonly ProblemKind SourceAddressRefused = new(
        StatusCodes.Status400BadRequest, "SOURCE_ADDRESS_REFUSED", "The source's address is not public",
        "Use an address that is reachable from the public internet.");

    public static readonly ProblemKind CallbackAddressRefused = new(
        StatusCodes.Status400BadRequest, "CALLBACK_ADDRESS_REFUSED", "The address to call is not public",
        "Use a callback_url that is reachable from the public internet.");

    public static readonly ProblemKind KeyRequired = new(
        StatusCodes.Status401Unauthorized, "API_KEY_REQUIRED", "An API key is needed", "Send 'Authorization: Bearer KEY' or 'X-Api-Key: KEY'.");

    public static readonly ProblemKind KeyInvalid = new(
        StatusCodes.Status401Unauthorized, "API_KEY_INVALID", "This API key is not known", "Check the key; ask the operator for a new one if it was withdrawn.");

    public static readonly ProblemKind JobNotFound = new(
        StatusCodes.Status404NotFound, "JOB_NOT_FOUND", "There is no such job", "Use the job_id that the answer to POST /api/v2/clone gave, with the same API key.");

    public static readonly ProblemKind NotFound = new(
        StatusCodes.Status404NotFound, "NOT_FOUND", "There is nothing at this address", "The addresses are listed in /openapi/v1.json.");

    public static readonly ProblemKind NoSuchLog = new(
        StatusCodes.Status404NotFound, "NO_SUCH_LOG", "Clones here have no such log",
        "Follow the job's events, which tell what the copy has reported; what CloneHub has written about it is in its own log.");

    public static readonly ProblemKind MethodNotAllowed = new(
        StatusCodes.Status405MethodNotAllowed, "METHOD_NOT_ALLOWED", "This address does not take this method", "Use a method that the Allow header names.");

    public static readonly ProblemKind IdempotencyConflict = new(
        StatusCodes.Status409Conflict, "IDEMPOTENCY_CONFLICT", "This idempotency key belongs to another request",
        "Send the first request's body again, or choose a new Idempotency-Key.");

    public static readonly ProblemKind NotServing = new(
        StatusCodes.Status409Conflict, "NOT_SERVING", "There is no clone that serves", "Do this while the clone's job is completed and its time is not over; otherwise request a new one.");

    public static readonly ProblemKind CloneNotWhole = new(
        StatusCodes.Status409Conflict, "CLONE_NOT_WHOLE", "The clone is no whole copy", "Clone the site with an administrator's log-in, and work in that clone.");

    public static readonly ProblemKind DriftUnknown = new(
        StatusCodes.Status409Conflict, "DRIFT_UNKNOWN", "What the site has earned since cannot be told",
        "Name the clone by source_job_id; or see the plan with dry_run, and then send on_drift 'overwrite' if nothing of the site is to be kept.");

    public static readonly ProblemKind RestoreRunning = new(
        StatusCodes.Status409Conflict, "RESTORE_RUNNING", "Another restore is at work at this site", "Request this one again when the other one is over.");

    public static readonly ProblemKind MediaAwaited = new(
        StatusCodes.Status409Conflict, "MEDIA_AWAITED", "Media of the clone are still to come", "Ask again once result.media.state of the clone's job is no longer 'pending'.");

    public static readonly ProblemKind MediaNotOnDemand = new(
        StatusCodes.Status409Conflict, "MEDIA_NOT_ON_DEMAND", "Media cannot come on demand here", "Send 'media' as 'eager', or leave it out. On a cluster media always come with the rest.");

    public static readonly ProblemKind NotUndoable = new(
        StatusCodes.Status409Conflict, "NOT_UNDOABLE", "There is nothing to undo", "A restore can be undone from its completion until its undo_until, as long as no later one has changed the site.");

    public static readonly ProblemKind ExtendedTooOften = new(
        StatusCodes.Status409Conflict, "EXTENDED_TOO_OFTEN", "This clone was extended too often", "It serves until its expires_at; request a new clone to go on longer.");

    public static readonly ProblemKind NotCertified = new(
        StatusCodes.Status409Conflict, "NOT_CERTIFIED", "There is no certificate",
        "Ask again once the job is completed. Copies of what a source publishes (fidelity: public) have none: request a clone with the source's log-in.");

    public static readonly ProblemKind NoConnector = new(
        StatusCodes.Status409Conflict, "NO_CONNECTOR", "There is no connector to install", "Ask while the status of the job has action_required.");

    public static readonly ProblemKind NoLog = new(
        StatusCodes.Status409Conflict, "NO_LOG", "There is no log to read", "Ask while the clone is built, serves or is kept after a failure; if it is, ask again in a moment.");

    public static readonly ProblemKind BodyTooLarge = new(
        StatusCodes.Status413PayloadTooLarge, "BODY_TOO_LARGE", "The body is too large", "Send at most 64 KB.");

    public static readonly ProblemKind UnsupportedMediaType = new(
        StatusCodes.Status415UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "The body's type is not understood", "Send 'Content-Type: application/json'.");

    public static readonly ProblemKind RateLimited = new(
        StatusCodes.Status429TooManyRequests, "RATE_LIMITED", "Too many requests", "Wait as long as the Retry-After header says.");

    public static readonly ProblemKind TooManyOpen = new(
        StatusCodes.Status429TooManyRequests, "TOO_MANY_OPEN", "Too many requests are held open",
        "Close streams and waits that are not needed, or come again as the Retry-After header says.");

    public static readonly ProblemKind TooManyJobs = new(
        StatusCodes.Status429TooManyRequests, "TOO_MANY_JOBS", "Too many jobs wait or run already",
        "Come again when some of your jobs are done, as the Retry-After header says, or cancel some that are not needed.");

    public static readonly ProblemKind Internal = new(
        StatusCodes.Status500InternalServerError, "INTERNAL", "Something went wrong here", "Try again; if it stays, give the operator the trace_id.");

    public static readonly ProblemKind StoreUnavailable = new(
        StatusCodes.Status503ServiceUnavailable, UnavailableException.Store, "The store of jobs cannot be reached",
        "Try again after the time in Retry-After, a request to clone under the same Idempotency-Key: it may have been accepted all the same.");

    public static readonly ProblemKind ArchiveLag = new(
        StatusCodes.Status503ServiceUnavailable, UnavailableException.Archive, "Too much waits to be archived", "Try again after the time in Retry-After.");

    public static readonly ProblemKind QueueFull = new(
        StatusCodes.Status503ServiceUnavailable, UnavailableException.Queue, "Too many jobs wait", "Try again after the time in Retry-After.");

    public static readonly ProblemKind QueueUnknown = new(
        StatusCodes.Status503ServiceUnavailable, "QUEUE_UNKNOWN", "The queue cannot be read now", "Try again after the time in Retry-After; do not take it for an empty queue.");

    public static readonly IReadOnlyList<ProblemKind> All =
    [
        BadRequest, MalformedJson, ValidationFailed, CredentialsIncomplete, SourceAddressRefused, CallbackAddressRefused, KeyRequired, KeyInvalid, JobNotFound,
        NotFound, MethodNotAllowed, IdempotencyConflict, NotServing, CloneNotWhole, DriftUnknown, RestoreRunning, MediaAwaited, MediaNotOnDemand, NotUndoable, ExtendedTooOften, NotCertified, NoConnector, NoSuchLog, NoLog, BodyTooLarge, UnsupportedMediaType, RateLimited, TooManyOpen, TooManyJobs, Internal, StoreUnavailable,
        ArchiveLag, QueueFull, QueueUnknown,
    ];

    /// <summary>Names the kind in RFC 9457's "type"; the last part is the paragraph's anchor in docs/errors.md.</summary>
    public string Type { get; } = "urn:clonehub:problem:" + Slug(Code);

    /// <summary>The kind that stands for a bare status code of the framework.</summary>
    public static ProblemKind OfStatus(int status) => status switch
    {
        StatusCodes.Status404NotFound => NotFound,
        StatusCodes.Status405MethodNotAllowed => MethodNotAllowed,
        StatusCodes.Status413PayloadTooLarge => BodyTooLarge,
        StatusCodes.Status415UnsupportedMediaType => UnsupportedMediaType,
        StatusCodes.Status429TooManyRequests => RateLimited,
        StatusCodes.Status503ServiceUnavailable => StoreUnavailable,
        >= 500 => Internal,
        _ => BadRequest,
    };

    private static string Slug(string code) =>
        string.Create(code.Length, code, static (slug, code) =>
        {
            for (var i = 0; i < slug.Length; i++) slug[i] = code[i] == '_' ? '-' : char.ToLowerInvariant(code[i]);
        });
}
