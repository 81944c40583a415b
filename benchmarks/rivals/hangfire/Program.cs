using Hangfire;
using Hangfire.PostgreSql;
using Rivals;

// Accepts jobs, does them and tells how they go, in one process, as Hangfire is mostly run. A job is on disk when Enqueue has returned: its transaction is committed.
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddHangfire(hangfire => hangfire
    .SetDataCompatibilityLevel(CompatibilityLevel.Version_180)
    .UseSimpleAssemblyNameTypeSerializer()
    .UseRecommendedSerializerSettings()
    .UsePostgreSqlStorage(
        storage => storage.UseNpgsqlConnection(builder.Configuration["POSTGRESQL"]!),
        new PostgreSqlStorageOptions { QueuePollInterval = TimeSpan.FromMilliseconds(50), EnableLongPolling = true, UseSlidingInvisibilityTimeout = true }));
builder.Services.AddHangfireServer(server => server.WorkerCount = 20);

var app = builder.Build();
app.MapPost("/jobs", async (HttpRequest request, IBackgroundJobClient jobs) =>
{
    using var reader = new StreamReader(request.Body);
    var body = await reader.ReadToEndAsync();
    var job = jobs.Enqueue(() => Job.Run(body, null!));
    await Answer(request.HttpContext.Response, StatusCodes.Status202Accepted, $$"""{"job_id":"{{job}}"}""");
});
app.MapGet("/jobs/{id}", async (string id, HttpResponse response, JobStorage storage) =>
{
    using var connection = storage.GetConnection();
    await Answer(response, StatusCodes.Status200OK, $$"""{"status":"{{connection.GetJobData(id)?.State}}"}""");
});
await app.RunAsync($"http://127.0.0.1:{builder.Configuration["PORT"]}");

static Task Answer(HttpResponse response, int status, string body)
{
    (response.StatusCode, response.ContentType) = (status, "application/json");
    return response.WriteAsync(body);
}
