using System.Text.Json.Nodes;

namespace CloneHub.Host;

/// <summary>Examples in the API's description.</summary>
internal static class ApiExamples
{
    private const string Job = "job-mfrggzdfmztwq2lknnwg23tpoa";

    private const string Restore = "job-nzxw4zlnmfwgyzlomvzhgzlgmu";

    private const string Site = "https://www.example.com/";
    private const string ApplicationPassword = "abcd efgh ijkl mnop qrst uvwx";

    public static JsonNode Request(string? operation) => operation switch
    {
        "ExtendJob" => new JsonObject { ["ttl_minutes"] = 60 },
        "RequestRestore" => new JsonObject
        {
            ["source_job_id"] = Job,
            ["target_url"] = Site,
            ["target_username"] = "admin",
            ["target_password"] = ApplicationPassword,
            ["preserve_plugins"] = true,
            ["preserve_themes"] = false,
            ["on_drift"] = "keep_tables",
            ["keep_tables"] = new JsonArray("wp_comments", "wp_commentmeta"),
            ["dry_run"] = false,
        },
        "CreateAppPassword" => new JsonObject { ["url"] = Site, ["username"] = "admin", ["password"] = "correct horse", ["app_name"] = "CloneHub" },
        _ => new JsonObject
        {
            ["source_url"] = Site,
            ["source_username"] = "admin",
            ["source_password"] = ApplicationPassword,
            ["customer_id"] = "acme",
            ["ttl_minutes"] = 60,
            ["callback_url"] = "https://acme.example/clonehub?token=t0k3n",
        },
    };

    public static JsonNode? Answer(string? operation, string status) => (operation, status) switch
    {
        ("ListJobs", "200") => new JsonObject { ["jobs"] = new JsonArray(Accepted()), ["next_cursor"] = "NjM5MDM0NTY3MzAxMjMwMDAwL2pvYi1tZnJnZ3pkZm16dHdxMmxrbm53ZzIzdHBvYQ" },
        ("FollowJob", "200") => $"id: 4\nevent: database_ready\ndata: {{\"job_id\":\"{Job}\",\"at\":\"2026-01-31T08:15:31.020Z\",\"status\":\"running\"}}\n\n",
        ("GetWebhookSecret", "200") => new JsonObject { ["secret"] = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDw9PVDwQZVtU=" },
        ("CreateAppPassword", "200") => new JsonObject
        {
            ["success"] = true,
            ["application_password"] = ApplicationPassword,
            ["app_name"] = "CloneHub",
            ["message"] = "The site made an application password named 'CloneHub'. Keep it: it is not shown again.",
        },
        ("CreateAppPassword", "400") => Problem("validation-failed", "Some fields are not right", 400, "url is required.",
            "Correct the fields named in errors and send the request again.", ("url", "is required")),
        ("CreateAppPassword", "422") => Problem("login-failed", "The site made no application password", 422, "The site refused user name and password.",
            "Check both. An application password works only where WordPress offers them: https, or a local environment."),
        (_, "200") => Completed(),
        ("RequestRestore", "202") => Restoring("pending", 0, "Waiting for a free slot…", new JsonObject { ["target_url"] = Site, ["clone_url"] = $"http://{Job}.localhost:5080/", ["source_job_id"] = Job, ["dry_run"] = false }),
        ("RollBackJob", "202") => Restoring("completed", 100, "Giving the site its old content again…", new JsonObject
        {
            ["target_url"] = Site,
            ["clone_url"] = $"http://{Job}.localhost:5080/",
            ["source_job_id"] = Job,
            ["dry_run"] = false,
            ["held_milliseconds"] = 240,
            ["integrity"] = new JsonObject { ["status"] = "healthy", ["warnings"] = new JsonArray() },
        }),
        (_, "202") => Accepted(),
        ("ListJobs", "400") => Problem("validation-failed", "Some fields are not right", 400, "limit must be from 1 to 200.",
            "Correct the fields named in errors and send the request again.", ("limit", "must be from 1 to 200")),
        (_, "400") => Problem("validation-failed", "Some fields are not right", 400, "ttl_minutes must be from 5 to 1440.",
            "Correct the fields named in errors and send the request again.", ("ttl_minutes", "must be from 5 to 1440")),
        (_, "401") => Problem("api-key-required", "An API key is needed", 401, "An API key is needed.", "Send 'Authorization: Bearer KEY' or 'X-Api-Key: KEY'."),
        (_, "404") => Problem("job-not-found", "There is no such job", 404, $"No job {Job} was accepted for this key.",
            "Use the job_id that the answer to POST /api/v2/clone gave, with the same API key."),
        ("ExtendJob", "409") => Problem("not-serving", "There is no clone that serves", 409, $"Job {Job} has no clone that serves now.",
            "Do this while the clone's job is completed and its time is not over; otherwise request a new one."),
        ("RequestRestore", "409") => Problem("restore-running", "Another restore is at work at this site", 409, $"Job {Job} restores {Site} now.",
            "Request this one again when the other one is over."),
        ("RollBackJob", "409") => Problem("not-undoable", "There is nothing to undo", 409, $"Job {Job} has nothing to undo now.",
            "A restore can be undone from its completion until its undo_until, as long as no later one has changed the site."),
        (_, "409") => Problem("idempotency-conflict", "This idempotency key belongs to another request", 409,
            "Another request was accepted under the Idempotency-Key 'order-17'.", "Send the first request's body again, or choose a new Idempotency-Key."),
        _ => null,
    };

    private static JsonObject Accepted() => new()
    {
        ["job_id"] = Job,
        ["type"] = "clone",
        ["status"] = "pending",
        ["progress"] = 0,
        ["message"] = "Waiting for a free worker",
        ["status_url"] = $"/api/v2/job-status/{Job}",
        ["queue_position"] = 1,
        ["created_at"] = "2026-01-31T08:15:30.123Z",
        ["updated_at"] = "2026-01-31T08:15:30.123Z",
    };

    private static JsonObject Restoring(string status, int progress, string message, JsonObject restore) => new()
    {
        ["job_id"] = Restore,
        ["type"] = "restore",
        ["status"] = status,
        ["progress"] = progress,
        ["message"] = message,
        ["status_url"] = $"/api/v2/job-status/{Restore}",
        ["created_at"] = "2026-01-31T08:45:30.123Z",
        ["updated_at"] = "2026-01-31T08:45:30.123Z",
        ["restore"] = restore,
    };

    private static JsonObject Completed() => new()
    {
        ["job_id"] = Job,
        ["type"] = "clone",
        ["status"] = "completed",
        ["progress"] = 100,
        ["message"] = "The clone is ready",
        ["status_url"] = $"/api/v2/job-status/{Job}",
        ["customer_id"] = "acme",
        ["created_at"] = "2026-01-31T08:15:30.123Z",
        ["updated_at"] = "2026-01-31T08:15:58.456Z",
        ["started_at"] = "2026-01-31T08:15:30.456Z",
        ["completed_at"] = "2026-01-31T08:15:58.456Z",
        ["expires_at"] = "2026-01-31T09:15:58.456Z",
        ["result"] = new JsonObject
        {
            ["clone_url"] = $"http://{Job}.localhost:5080/",
            ["username"] = "clone-admin",
            ["password"] = "uX3vQm9tYw7cRz5k",
            ["expires_at"] = "2026-01-31T09:15:58.456Z",
            ["fidelity"] = "full",
            ["public_url"] = $"http://{Job}.localhost:5080/",
            ["wordpress_username"] = "clone-admin",
            ["wordpress_password"] = "uX3vQm9tYw7cRz5k",
            ["content"] = new JsonObject { ["tables"] = 12, ["rows"] = 1042, ["files"] = 3210, ["bytes"] = 61_234_567 },
            ["warnings"] = new JsonArray(),
        },
    };

    private static JsonObject Problem(string slug, string title, int status, string detail, string hint, params (string Field, string Reason)[] errors)
    {
        var problem = new JsonObject
        {
            ["type"] = $"urn:clonehub:problem:{slug}",
            ["title"] = title,
            ["status"] = status,
            ["detail"] = detail,
            ["code"] = slug.Replace('-', '_').ToUpperInvariant(),
            ["hint"] = hint,
        };
        if (errors.Length > 0) problem["errors"] = new JsonObject(errors.Select(e => KeyValuePair.Create<string, JsonNode?>(e.Field, new JsonArray(e.Reason))));
        return problem;
    }
}
