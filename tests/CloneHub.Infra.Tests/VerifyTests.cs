namespace CloneHub.Infra.Tests;

/// <summary>verify.sh says yes to answers that are right, and no, with a name, to each that is not. That real programs answer so is for the first apply to show.</summary>
[Trait("Needs", "infra")]
public sealed class VerifyTests
{
    private const string FakeKubectl = """
        case "$*" in *"$SPOIL"*) echo spoiled >&2; exit 1 ;; esac
        case "$*" in
            "config current-context") echo arn:aws:eks:us-east-1:111122223333:cluster/clonehub-prod ;;
            "get nodes "*|"get validatingadmissionpolicies"*--no-headers) echo one; echo two ;;
            "get nodepools"*) echo "True True" ;;
            "get validatingadmissionpolicies"*) ;;
            "auth can-i create deployments"*) echo yes ;;
            "auth can-i "*) echo no; exit 1 ;;
            "get scaledobject"*) echo True ;;
            "get pods"*) echo "core-0 1/1 Running 0 1d" ;;
            "get cronjob"*) echo 2026-07-06T10:30:04Z ;;
            *) echo something ;;
        esac
        """;

    private const string FakeAws = """
        case "$*" in *"$SPOIL"*) echo spoiled; exit 1 ;; esac
        case "$*" in
            *cluster.status*) echo ACTIVE ;;
            *supportType*) echo STANDARD ;;
            *authenticationMode*) echo API ;;
            *DeletionProtection*) echo True ;;
            *configurationValues*) echo '{"enableNetworkPolicy":"true"}' ;;
        esac
        """;

    private const string FakeCurl = """
        case "$*" in *"$SPOIL"*) printf 000; exit 7 ;; */openapi/*) printf 200 ;; *) printf 401 ;; esac
        """;

    [Fact]
    public async Task A_cluster_that_is_as_it_should_be_has_no_complaint()
    {
        var said = await VerifyAsync(spoil: "nothing at all");

        Assert.True(said.Code == 0, said.Output);
        Assert.DoesNotContain("FAIL", said.Output, StringComparison.Ordinal);
        Assert.True(said.Output.Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal)) > 20, said.Output);
    }

    [Theory]
    [InlineData("cluster.status", "cluster is active")]
    [InlineData("DeletionProtection", "event log refuses deletion")]
    [InlineData("current-context", "kubectl talks to this cluster")]
    [InlineData("clonehub.io/pool=buffer", "buffer nodes are there")]
    [InlineData("get nodepools", "pools are ready")]
    [InlineData("expressionWarnings", "policies type-check")]
    [InlineData("can-i get secrets", "the provisioner reads no Secrets")]
    [InlineData("configurationValues", "network policies are enforced")]
    [InlineData("status statefulset/core", "core is complete")]
    [InlineData("get scaledobject", "KEDA decides on workers")]
    [InlineData("exec ", "Redis keeps what it acknowledges")]
    [InlineData("get cronjob", "the report of overdue clones ends well")]
    [InlineData("get service traefik", "the door has an address")]
    [InlineData("/openapi/", "the API answers at its name, over TLS")]
    [InlineData("/api/v2/jobs", "whoever has no key is refused")]
    public async Task What_does_not_hold_is_named(string spoil, string complaint)
    {
        var said = await VerifyAsync(spoil);

        Assert.Equal(1, said.Code);
        Assert.StartsWith($"FAIL  {complaint}", Assert.Single(said.Output.Split('\n'), line => line.StartsWith("FAIL", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    private static async Task<Tool.Answer> VerifyAsync(string spoil)
    {
        using var script = new Script();
        script.Program("kubectl", FakeKubectl);
        script.Program("aws", FakeAws);
        script.Program("curl", FakeCurl);
        script.Environment["SPOIL"] = spoil;
        return await script.RunAsync("bash", "verify.sh", "prod");
    }
}
