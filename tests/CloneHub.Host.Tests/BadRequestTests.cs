using System.Text;

namespace CloneHub.Host.Tests;

/// <summary>Whatever is wrong with a request is said in full, and nothing is half done.</summary>
[Trait("Needs", "servers")]
public sealed class BadRequestTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private const string Credentials = "\"source_username\":\"admin\",\"source_password\":\"correct horse\"";
    private static readonly string Long = new('a', 3000);

    private RunningHost Host => fixture.Host;

    public static TheoryData<string, string, string> Fields() => new()
    {
        { "source_url", "is required", $$"""{ {{Credentials}} }""" },
        { "source_url", "is required", $$"""{"source_url":null,{{Credentials}}}""" },
        { "source_url", "must be text", $$"""{"source_url":7,{{Credentials}}}""" },
        { "source_url", "absolute http or https", $$"""{"source_url":"","source_username":"a","source_password":"b"}""" },
        { "source_url", "absolute http or https", $$"""{"source_url":"/blog",{{Credentials}}}""" },
        { "source_url", "absolute http or https", $$"""{"source_url":"ftp://example.com/",{{Credentials}}}""" },
        { "source_url", "absolute http or https", $$"""{"source_url":"file:///etc/passwd",{{Credentials}}}""" },
        { "source_url", "absolute http or https", $$"""{"source_url":"http://",{{Credentials}}}""" },
        { "source_url", "user name or password", $$"""{"source_url":"https://admin:pw@example.com/",{{Credentials}}}""" },
        { "source_url", "at most 2048", $$"""{"source_url":"https://example.com/{{Long}}",{{Credentials}}}""" },
        { "source_url", "control characters", $$"""{"source_url":"https://example.com/a\nb",{{Credentials}}}""" },
        { "source_url", "Unicode", $$"""{"source_url":"https://example.com/\ud800",{{Credentials}}}""" },
        { "source_username", "control characters", """{"source_url":"https://example.com/","source_username":"a\u0000b","source_password":"b"}""" },
        { "source_username", "must be text", """{"source_url":"https://example.com/","source_username":["a"],"source_password":"b"}""" },
        { "source_username", "at most 255", $$"""{"source_url":"https://example.com/","source_username":"{{Long}}","source_password":"b"}""" },
        { "source_password", "at most 1024", $$"""{"source_url":"https://example.com/","source_username":"a","source_password":"{{Long}}"}""" },
        { "source_password", "NUL", """{"source_url":"https://example.com/","source_username":"a","source_password":"b\u0000"}""" },
        { "ttl_minutes", "from 5 to 1440", $$"""{"source_url":"https://example.com/","ttl_minutes":4,{{Credentials}}}""" },
        { "ttl_minutes", "from 5 to 1440", $$"""{"source_url":"https://example.com/","ttl_minutes":1441,{{Credentials}}}""" },
        { "ttl_minutes", "whole number", $$"""{"source_url":"https://example.com/","ttl_minutes":30.5,{{Credentials}}}""" },
        { "ttl_minutes", "whole number", $$"""{"source_url":"https://example.com/","ttl_minutes":99999999999,{{Credentials}}}""" },
        { "ttl_minutes", "whole number", $$"""{"source_url":"https://example.com/","ttl_minutes":"30",{{Credentials}}}""" },
        { "customer_id", "1 to 50 characters", $$"""{"source_url":"https://example.com/","customer_id":"Acme",{{Credentials}}}""" },
        { "customer_id", "1 to 50 characters", $$"""{"source_url":"https://example.com/","customer_id":"",{{Credentials}}}""" },
        { "customer_id", "1 to 50 characters", $$"""{"source_url":"https://example.com/","customer_id":"-acme",{{Credentials}}}""" },
        { "customer_id", "1 to 50 characters", $$"""{"source_url":"https://example.com/","customer_id":"acme\n",{{Credentials}}}""" },
        { "customer_id", "1 to 50 characters", $$"""{"source_url":"https://example.com/","customer_id":"{{new string('a', 51)}}",{{Credentials}}}""" },
        { "ttl", "is not a field", $$"""{"source_url":"https://example.com/","ttl":30,{{Credentials}}}""" },
        { "replace", "true or false", $$"""{"source_url":"https://example.com/","replace":"yes","customer_id":"acme",{{Credentials}}}""" },
        { "customer_id", "is required with replace", $$"""{"source_url":"https://example.com/","replace":true,{{Credentials}}}""" },
        { "media", "must be 'eager' or 'on_demand'", $$"""{"source_url":"https://example.com/","media":"lazy",{{Credentials}}}""" },
        { "media", "only with a log-in", """{"source_url":"https://example.com/","media":"on_demand"}""" },
        { "callback_url", "must be text", $$"""{"source_url":"https://example.com/","callback_url":true,{{Credentials}}}""" },
        { "callback_url", "absolute http or https", $$"""{"source_url":"https://example.com/","callback_url":"",{{Credentials}}}""" },
        { "callback_url", "absolute http or https", $$"""{"source_url":"https://example.com/","callback_url":"mailto:a@example.com",{{Credentials}}}""" },
        { "callback_url", "user name or password", $$"""{"source_url":"https://example.com/","callback_url":"https://a:b@example.com/",{{Credentials}}}""" },
        { "callback_url", "at most 2048", $$"""{"source_url":"https://example.com/","callback_url":"https://example.com/{{Long}}",{{Credentials}}}""" },
        { "callback_url", "control characters", $$"""{"source_url":"https://example.com/","callback_url":"https://example.com/a\nb",{{Credentials}}}""" },
        { "callback_url", "must be an https", $$"""{"source_url":"https://93.184.215.14/","callback_url":"http://93.184.215.14/",{{Credentials}}}""" },
        { "Source_url", "is not a field", $$"""{"source_url":"https://example.com/","Source_url":"x",{{Credentials}}}""" },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public async Task A_field_that_is_not_right_is_named(string field, string reason, string body)
    {
        var problem = (await Refused(() => Host.PostAsync(body))).IsProblem(400, "VALIDATION_FAILED");

        Assert.Contains(reason, problem.Json.GetProperty("errors").GetProperty(field)[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_fields_that_are_not_right_are_named_at_once()
    {
        var problem = (await Refused(() => Host.PostAsync("""{"ttl_minutes":1,"customer_id":"-","extra":1}"""))).IsProblem(400, "VALIDATION_FAILED");

        Assert.Equal(["customer_id", "extra", "source_url", "ttl_minutes"], problem.Json.GetProperty("errors").EnumerateObject().Select(e => e.Name));
    }

    [Theory]
    [InlineData("""{"source_url":"https://example.com/","source_username":"admin"}""", "CREDENTIALS_INCOMPLETE")]
    [InlineData("""{"source_url":"https://example.com/","source_password":"correct horse"}""", "CREDENTIALS_INCOMPLETE")]
    [InlineData("""{"source_url":"https://example.com/","source_username":"","source_password":"correct horse"}""", "CREDENTIALS_INCOMPLETE")]
    public async Task Half_of_the_credentials_is_refused(string body, string code) => (await Refused(() => Host.PostAsync(body))).IsProblem(400, code);

    [Theory]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://localhost/")]
    [InlineData("http://LocalHost./")]
    [InlineData("http://some.localhost:8080/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0x7f.1/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[::ffff:10.0.0.1]/")]
    [InlineData("http://10.1.2.3/")]
    [InlineData("https://192.168.0.1:8443/blog")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://[fd00::1]/")]
    [InlineData("http://0.0.0.0/")]
    public async Task A_source_in_a_private_network_is_refused(string source) =>
        (await Refused(() => Host.PostAsync(Requests.Valid(source)))).IsProblem(400, "SOURCE_ADDRESS_REFUSED");

    [Theory]
    [InlineData("https://127.0.0.1/planted-marker")]
    [InlineData("https://some.localhost/planted-marker")]
    [InlineData("https://169.254.169.254/planted-marker")]
    [InlineData("https://[fd00::1]/planted-marker")]
    public async Task An_address_to_call_in_a_private_network_is_refused_and_not_repeated(string callback)
    {
        var body = new { source_url = Requests.PublicSource, source_username = "admin", source_password = "correct horse", callback_url = callback };

        var problem = (await Refused(() => Host.PostAsync(body))).IsProblem(400, "CALLBACK_ADDRESS_REFUSED");

        Assert.DoesNotContain("planted-marker", problem.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "line 1, byte 1")]
    [InlineData("{\"source_url\": ", "line 1, byte 16")]
    [InlineData("{\n \"source_url\": tru }", "line 2")]
    [InlineData("{\"source_url\":\"a\"} x", "line 1, byte 20")]
    [InlineData("{/* c */}", "line 1, byte 2")]
    [InlineData("{\"ttl_minutes\":5,}", "line 1")]
    [InlineData("{\"ttl_minutes\":5,\"ttl_minutes\":6}", "twice")]
    [InlineData("[]", "not an object")]
    [InlineData("null", "not an object")]
    [InlineData("{\"\\ud800\":1}", "name of a field")]
    [InlineData("{\"a\":[[[[[[[[[[1]]]]]]]]]]}", "line 1")]
    public async Task A_body_that_is_not_JSON_is_refused_with_the_place(string body, string place)
    {
        var problem = (await Refused(() => Host.PostAsync(body))).IsProblem(400, "MALFORMED_JSON");

        Assert.Contains(place, problem["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_not_UTF8_is_refused()
    {
        var content = new ByteArrayContent([.. "{\"source_url\":\""u8, 0xff, 0xfe, .. "\"}"u8]);
        content.Headers.ContentType = new("application/json");

        (await Refused(() => Host.SendAsync(HttpMethod.Post, "/api/v2/clone", content))).IsProblem(400, "MALFORMED_JSON");
    }

    [Fact]
    public async Task A_malformed_body_is_not_quoted()
    {
        var problem = await Refused(() => Host.PostAsync("""{"source_password":"planted-marker" "x"}"""));

        Assert.DoesNotContain("planted-marker", problem.IsProblem(400, "MALFORMED_JSON").Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(64 * 1024 + 1)]
    [InlineData(1024 * 1024)]
    public async Task A_body_of_more_than_64_KB_is_refused(int size) =>
        // Asked beforehand a server refuses before the body is on its way; else it may hang up on who is still sending.
        (await Refused(() => Host.PostAsync(new string(' ', size), headers => headers.ExpectContinue = true))).IsProblem(413, "BODY_TOO_LARGE");

    [Fact]
    public async Task A_body_without_a_length_is_counted_too()
    {
        using var endless = new PushedContent(100 * 1024);

        (await Refused(() => Host.SendAsync(HttpMethod.Post, "/api/v2/clone", endless))).IsProblem(413, "BODY_TOO_LARGE");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task A_body_that_is_not_declared_as_JSON_is_refused(string type)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes("{}"));
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(type);

        (await Refused(() => Host.SendAsync(HttpMethod.Post, "/api/v2/clone", content))).IsProblem(415, "UNSUPPORTED_MEDIA_TYPE");
    }

    [Theory]
    [InlineData("GET", "/api/v2/clone", "POST")]
    [InlineData("PUT", "/api/v2/clone", "POST")]
    [InlineData("POST", "/api/v2/job-status/job-mfrggzdfmztwq2lknnwg23tpoa", "GET")]
    [InlineData("PATCH", "/api/v2/jobs/job-mfrggzdfmztwq2lknnwg23tpoa", "DELETE, GET")]
    public async Task A_method_the_address_does_not_take_is_refused(string method, string path, string allowed)
    {
        var problem = (await Refused(() => Host.SendAsync(new HttpMethod(method), path))).IsProblem(405, "METHOD_NOT_ALLOWED");

        Assert.Equal(allowed, string.Join(", ", problem.ContentHeaders.Allow.Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("/api/v2/job-status/job-mfrggzdfmztwq2lknnwg23tpoa")]
    [InlineData("/api/v2/job-status/job-1")]
    [InlineData("/api/v2/job-status/%2e%2e%2fetc")]
    [InlineData("/api/v2/job-status/JOB-MFRGGZDFMZTWQ2LKNNWG23TPOA")]
    [InlineData("/api/v2/jobs/job-1")]
    public async Task A_job_that_was_never_accepted_is_not_found(string path) => (await Host.GetAsync(path)).IsProblem(404, "JOB_NOT_FOUND");

    [Fact]
    public async Task A_job_that_was_never_accepted_cannot_be_removed() =>
        (await Refused(() => Host.SendAsync(HttpMethod.Delete, "/api/v2/jobs/job-mfrggzdfmztwq2lknnwg23tpoa"))).IsProblem(404, "JOB_NOT_FOUND");

    [Theory]
    [InlineData("/")]
    [InlineData("/api/v2/nothing")]
    [InlineData("/api/v1/clone")]
    public async Task An_address_that_does_not_exist_is_not_found(string path) => (await Host.GetAsync(path)).IsProblem(404, "NOT_FOUND");

    [Theory]
    [InlineData(201)]
    [InlineData(5000)]
    public async Task An_idempotency_key_that_is_too_long_is_refused(int length) =>
        (await Refused(() => Host.PostAsync(Requests.Valid(), headers => headers.Add("Idempotency-Key", new string('k', length)))))
            .IsProblem(400, "VALIDATION_FAILED");

    [Fact]
    public async Task An_idempotency_key_that_is_empty_is_refused() =>
        (await Refused(() => Host.PostAsync(Requests.Valid(), headers => headers.TryAddWithoutValidation("Idempotency-Key", ""))))
            .IsProblem(400, "VALIDATION_FAILED");

    private async Task<Answer> Refused(Func<Task<Answer>> request)
    {
        var before = await Host.AcceptedJobsAsync();
        var answer = await request();
        Assert.Equal(before, await Host.AcceptedJobsAsync());
        return answer;
    }

    private sealed class PushedContent : HttpContent
    {
        private readonly int _size;

        public PushedContent(int size)
        {
            _size = size;
            Headers.ContentType = new("application/json");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) =>
            await stream.WriteAsync(Encoding.ASCII.GetBytes(new string(' ', _size)));

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
