using System.Text.RegularExpressions;

namespace CloneHub.Infra.Tests;

/// <summary>Passwords are made, kept in one Secret and brought to the databases without ever being an argument.</summary>
[Trait("Needs", "infra")]
public sealed partial class AccountTests
{
    /// <summary>Keeps what the Secret is made of, as the cluster would, and gives it back.</summary>
    private const string FakeKubectl = """
        echo "kubectl $*" >>"$RECORD"
        case "$*" in
            "get secret clonehub-secrets"*"--ignore-not-found"*) ls "$STORE" | head -1 ;;
            "create secret generic"*) for a in "$@"; do case "$a" in --from-file=*) cp "${a#*=}" "$STORE" ;; esac; done ;;
            "get secret clonehub-secrets"*jsonpath*) key=$(echo "$*" | sed 's/.*{\.data\.\(.*\)}.*/\1/; s/\\//g'); [ ! -f "$STORE/$key" ] || base64 -w0 "$STORE/$key" ;;
            "run clonehub-"*) cat >"$STORE/../input-$2" ;;
            "patch secret"*) rm "$STORE/$(echo "$*" | sed 's|.*/data/\([^"]*\)".*|\1|')" ;;
        esac
        """;

    private const string Administrator = @"marker-of-the\administrator";

    private const string FakeAws = """
        echo "aws $*" >>"$RECORD"
        case "$*" in
            rds*) echo arn:aws:secretsmanager:us-east-1:111122223333:secret:rds ;;
            secretsmanager*) echo '{"username":"clonehub_admin","password":"marker-of-the\\administrator"}' ;;
        esac
        """;

    [Fact]
    public async Task Every_password_is_of_its_own_and_no_argument()
    {
        using var script = Prepared();

        Assert.Equal(0, (await script.RunAsync("bash", "secrets.sh", "prod")).Code);

        var values = Directory.GetFiles(Store(script)).ToDictionary(f => Path.GetFileName(f), File.ReadAllText);
        Assert.Equal(["mariadb", "mariadb-password", "master-key", "postgresql", "postgresql-account.sql", "redis", "redis-auth", "redis-password"], values.Keys.Order(StringComparer.Ordinal));
        Assert.Matches(Key(), values["master-key"]);
        Assert.Equal($"requirepass {values["redis-password"]}\n", values["redis-auth"]);
        Assert.Equal($"redis.clonehub.svc:6379,password={values["redis-password"]},ssl=false,abortConnect=false", values["redis"]);
        Assert.Equal($"Server=clone-db.clonehub.svc;User ID=root;Password={values["mariadb-password"]}", values["mariadb"]);
        Assert.StartsWith("Host=events.acme.net;Database=clonehub;Username=clonehub;Password=", values["postgresql"], StringComparison.Ordinal);
        var events = values["postgresql"].Split("Password=")[1].Split(';')[0];
        Assert.Contains($"alter role clonehub password '{events}';", values["postgresql-account.sql"], StringComparison.Ordinal);
        Assert.Equal(3, new[] { values["redis-password"], values["mariadb-password"], events }.Distinct().Count(p => p.Length > 30));
        Assert.DoesNotContain(new[] { values["redis-password"], values["mariadb-password"], events }, (await File.ReadAllTextAsync(script.Record)).Contains);
    }

    [Fact]
    public async Task What_exists_is_left_as_it_is()
    {
        using var script = Prepared();
        await script.RunAsync("bash", "secrets.sh", "prod");
        var key = await File.ReadAllTextAsync(Path.Combine(Store(script), "master-key"));

        Assert.Equal(0, (await script.RunAsync("bash", "secrets.sh", "prod")).Code);

        Assert.Equal(key, await File.ReadAllTextAsync(Path.Combine(Store(script), "master-key")));
        Assert.Single((await File.ReadAllLinesAsync(script.Record)), call => call.StartsWith("kubectl create secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_connection_string_is_made_for_the_example()
    {
        using var script = Prepared(values: text => text);

        var said = await script.RunAsync("bash", "secrets.sh", "prod");

        Assert.Equal(1, said.Code);
        Assert.Contains("terraform output -raw overlay_values", said.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Store(script)));
    }

    [Fact]
    public async Task The_account_of_the_event_log_is_made_once_and_its_password_passes_through_pipes_only()
    {
        using var script = Prepared();
        await script.RunAsync("bash", "secrets.sh", "prod");
        var sql = await File.ReadAllTextAsync(Path.Combine(Store(script), "postgresql-account.sql"));

        Assert.Equal((0, "events: made.\n"), await CodeAndOutputAsync(script.RunAsync("bash", "database-accounts.sh", "prod")));
        Assert.Equal((0, "events: made already.\n"), await CodeAndOutputAsync(script.RunAsync("bash", "database-accounts.sh", "prod")));

        Assert.Equal($"{Administrator}\n{sql}", await File.ReadAllTextAsync(Path.Combine(Store(script), "../input-clonehub-events-account")));
        var calls = await File.ReadAllTextAsync(script.Record);
        Assert.Contains("host=events.acme.net dbname=clonehub user=clonehub_admin", calls, StringComparison.Ordinal);
        Assert.DoesNotContain(Administrator, calls, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Store(script), "postgresql-account.sql")));
    }

    /// <summary>AWS keeps the password of the administrator, so the product has an account of its own there.</summary>
    [Fact]
    public async Task A_MariaDB_of_AWS_gets_an_account_too()
    {
        using var script = Prepared(values: text => Mine(text).Replace("mariaDbHost: clone-db.clonehub.svc", "\"mariaDbHost\": \"clones.acme.net\"", StringComparison.Ordinal));
        await script.RunAsync("bash", "secrets.sh", "prod");

        Assert.Equal((0, "events: made.\nclones: made.\n"), await CodeAndOutputAsync(script.RunAsync("bash", "database-accounts.sh", "prod")));

        var password = await File.ReadAllTextAsync(Path.Combine(Store(script), "mariadb-password"));
        Assert.Equal($"Server=clones.acme.net;User ID=clonehub;Password={password}", await File.ReadAllTextAsync(Path.Combine(Store(script), "mariadb")));
        var input = await File.ReadAllTextAsync(Path.Combine(Store(script), "../input-clonehub-clones-account"));
        Assert.StartsWith($"{Administrator}\ncreate or replace user clonehub identified by '{password}", input, StringComparison.Ordinal);
        Assert.Contains(@"on `clone\_%`.* to clonehub with grant option", input, StringComparison.Ordinal);
    }

    private static Script Prepared(Func<string, string>? values = null)
    {
        var script = new Script();
        script.Program("kubectl", FakeKubectl);
        script.Program("aws", FakeAws);
        script.Environment["STORE"] = Directory.CreateDirectory(Store(script)).FullName;
        var file = Path.Combine(script.Infra, "k8s/overlays/prod/values.yaml");
        File.WriteAllText(file, (values ?? Mine)(File.ReadAllText(file)));
        return script;
    }

    private static string Mine(string text) => text.Replace("postgresql.example", "events.acme.net", StringComparison.Ordinal);

    private static string Store(Script script) => Path.Combine(script.Infra, "..", "store");

    private static async Task<(int, string)> CodeAndOutputAsync(Task<Tool.Answer> answer) => ((await answer).Code, (await answer).Output);

    [GeneratedRegex(@"\A1:[A-Za-z0-9+/]{43}=\n\z")]
    private static partial Regex Key();
}
