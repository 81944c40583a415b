using System.Globalization;
using System.Net.Http.Headers;
using CloneHub.Testing;

namespace CloneHub.Host.Tests;

[Trait("Needs", "servers")]
public sealed class ReportEndpointsTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private RunningHost Host => fixture.Host;

    [Fact]
    public async Task What_was_asked_for_and_taken_back_stands_in_the_report_a_moment_later()
    {
        var customer = NewCustomer();
        await CancelledAsync(customer);
        await CancelledAsync(customer);

        var report = await Eventually.Get("both jobs are counted", async () =>
        {
            var answer = await Host.GetAsync($"/api/v2/reports/clones?customer_id={customer}&group_by=day,customer");
            Assert.Equal(200, answer.Status);
            var rows = answer.Json.GetProperty("rows");
            return rows.GetArrayLength() > 0 && rows.EnumerateArray().Sum(row => row.GetProperty("cancelled").GetInt32()) == 2 ? answer : null;
        });

        Assert.Equal(("clones", customer), (report["report"], report["customer_id"]));
        Assert.Equal(2, report.Json.GetProperty("rows").EnumerateArray().Sum(row => row.GetProperty("requested").GetInt32()));
        Assert.All(report.Json.GetProperty("rows").EnumerateArray(), row => Assert.Equal(customer, row.GetProperty("customer_id").GetString()));
        Assert.True(report.Headers.CacheControl?.NoStore);
        Assert.Equal(report["as_of"], report.Headers.GetValues("X-As-Of").Single());
        Assert.Equal(29, (Date(report["to"]) - Date(report["from"])).TotalDays);
    }

    [Theory]
    [InlineData("clones", "day,customer_id,requested,completed,failed,cancelled,success_rate")]
    [InlineData("failures", "day,step,code,jobs,retries")]
    [InlineData("step-durations", "day,step,count,p50_ms,p95_ms")]
    [InlineData("queue-wait", "day,count,p50_ms,p95_ms")]
    [InlineData("live-clones", "time,live,peak,clone_hours")]
    public async Task Every_report_comes_as_JSON_and_as_CSV(string name, string header)
    {
        var json = await Host.GetAsync($"/api/v2/reports/{name}?from=2026-01-01&to=2026-01-03");
        Assert.Equal((200, "application/json"), (json.Status, json.ContentHeaders.ContentType?.MediaType));
        Assert.Equal((name, "2026-01-01", "2026-01-03"), (json["report"], json["from"], json["to"]));

        foreach (var (query, accept) in ((string, string?)[])[("&format=csv", null), ("", "text/csv"), ("", "text/csv, application/json;q=0.5"), ("&format=csv", "application/json")])
        {
            var csv = await Host.GetAsync($"/api/v2/reports/{name}?from=2026-01-01&to=2026-01-03{query}", Accepting(accept));
            Assert.Equal((200, "text/csv"), (csv.Status, csv.ContentHeaders.ContentType?.MediaType));
            Assert.StartsWith(header + "\r\n", csv.Text, StringComparison.Ordinal);
            Assert.Equal($"attachment; filename=\"{name}-2026-01-01-2026-01-03.csv\"", csv.ContentHeaders.ContentDisposition?.ToString());
            Assert.NotEmpty(csv.Headers.GetValues("X-As-Of"));
        }
    }

    [Theory]
    [InlineData("*/*")]
    [InlineData("application/json, text/csv;q=0.5")]
    [InlineData("text/csv;q=0")]
    public async Task JSON_comes_unless_CSV_is_asked_for_by_name(string accept) =>
        Assert.Equal("application/json", (await Host.GetAsync("/api/v2/reports/clones", Accepting(accept))).ContentHeaders.ContentType?.MediaType);

    [Theory]
    [InlineData("clones", "from=yesterday", "from")]
    [InlineData("clones", "from=2026-02-30", "from")]
    [InlineData("clones", "to=2026-3-1", "to")]
    [InlineData("clones", "to=", "to")]
    [InlineData("clones", "from=2026-03-02&to=2026-03-01", "to")]
    [InlineData("clones", "from=2025-01-01&to=2026-01-02", "from")]
    [InlineData("clones", "from=2026-01-01&from=2026-01-02", "from")]
    [InlineData("clones", "format=xml", "format")]
    [InlineData("clones", "group_by=week", "group_by")]
    [InlineData("clones", "group_by=day,day", "group_by")]
    [InlineData("clones", "group_by=", "group_by")]
    [InlineData("clones", "customer_id=", "customer_id")]
    [InlineData("clones", "tenant=other", "tenant")]
    [InlineData("live-clones", "group_by=day,hour", "group_by")]
    [InlineData("live-clones", "group_by=hour&from=2026-01-01&to=2026-02-01", "from")]
    public async Task A_wrong_question_is_refused_with_the_name_of_the_parameter(string report, string query, string parameter)
    {
        var problem = (await Host.GetAsync($"/api/v2/reports/{report}?{query}")).IsProblem(400, "VALIDATION_FAILED");

        Assert.Equal([parameter], problem.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task All_that_is_wrong_is_said_at_once()
    {
        var problem = (await Host.GetAsync("/api/v2/reports/clones?from=a&to=b&group_by=c&format=d&e=f")).IsProblem(400, "VALIDATION_FAILED");

        Assert.Equal(["e", "format", "from", "group_by", "to"], problem.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Theory]
    [InlineData("from=2024-01-01&to=2024-12-31")]
    [InlineData("from=0001-01-01&to=0001-01-31")]
    [InlineData("from=9999-12-01&to=9999-12-31")]
    [InlineData("to=0001-01-05")]
    public async Task The_bounds_of_the_period_are_inside(string query)
    {
        foreach (var report in (string[])["clones", "live-clones"]) Assert.Equal(200, (await Host.GetAsync($"/api/v2/reports/{report}?{query}")).Status);
    }

    [Fact]
    public async Task There_is_no_other_report() => (await Host.GetAsync("/api/v2/reports/secrets")).IsProblem(404, "NOT_FOUND");

    private static Action<HttpRequestHeaders> Accepting(string? accept) => headers =>
    {
        if (accept is not null) headers.TryAddWithoutValidation("Accept", accept);
    };

    private static DateTime Date(string text) => DateTime.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string NewCustomer() => ServersFixture.Unique("c");

    private async Task CancelledAsync(string customer)
    {
        var accepted = await Host.PostAsync(new { source_url = Requests.PublicSource, source_username = "admin", source_password = "correct horse", customer_id = customer });
        Assert.Equal(202, accepted.Status);
        await Host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{accepted["job_id"]}");
    }
}
