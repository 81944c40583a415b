using System.Text.Json.Nodes;

namespace CloneHub.Host;

/// <summary>Examples in the API's description.</summary>
internal static class ApiExamples
{
    private const string Job = "job-mfrggzdfmztwq2lknnwg23tpoa";

    public static JsonNode Request() => new JsonObject
    {
        ["source_url"] = "https://www.example.com/",
        ["source_username"] = "admin",
        ["source_password"] = "abcd efgh ijkl mnop qrst uvwx",
        ["customer_id"] = "acme",
        ["ttl_minutes"] = 60,
        ["callback_url"] = "https://acme.example/clonehub?token=t0k3n",
    };

    /// <param name="operation">Name of the endpoint.</param>
    public static JsonNode? Answer(string? operation, string status, string contentType) => (status, contentType) switch
    {
        ("200", _) when operation is "GetWebhookSecret" => new JsonObject { ["secret"] = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDw9PVDwQZVtU=" },
        ("200", _) => Completed(),
        ("202", _) => Accepted(),
        ("400", _) => Problem("validation-failed", "Some fields are not right", 400, "ttl_minutes must be from 5 to 1440.",
            "Correct the fields named in errors and send the request again.", ("ttl_minutes", "must be from 5 to 1440")),
        ("401", _) => Problem("api-key-required", "An API key is needed", 401, "An API key is needed.", "Send 'Authorization: Bearer KEY' or 'X-Api-Key: KEY'."),
        ("404", _) => Problem("job-not-found", "There is no such job", 404, $"No job {Job} was accepted for this key.",
            "Use the job_id that the answer to POST /api/v2/clone gave, with the same API key."),
        ("409", _) => Problem("idempotency-conflict", "This idempotency key belongs to another request", 409,
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
