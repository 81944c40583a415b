namespace CloneHub.Architecture.Tests;

public sealed class ModuleMapTests
{
    private static readonly Dictionary<string, string[]> Projects = new()
    {
        ["CloneHub.Contracts"] = [],
        ["CloneHub.Jobs"] = ["CloneHub.Contracts"],
        ["CloneHub.Provisioning"] = ["CloneHub.Contracts"],
        ["CloneHub.Cleanup"] = ["CloneHub.Contracts"],
        ["CloneHub.Agent"] = ["CloneHub.Provisioning"],
        ["CloneHub.Host"] = ["CloneHub.Contracts", "CloneHub.Jobs", "CloneHub.Provisioning", "CloneHub.Cleanup"],
        ["CloneHub.Dev"] = [],
        ["CloneHub.Testing"] = ["CloneHub.Dev"],
        ["CloneHub.Architecture.Tests"] = ["CloneHub.Jobs", "CloneHub.Provisioning", "CloneHub.Cleanup"],
        ["CloneHub.Jobs.Tests"] = ["CloneHub.Jobs", "CloneHub.Testing"],
        // Jobs because a failure is tested as the owner of the job is told of it.
        ["CloneHub.Provisioning.Tests"] = ["CloneHub.Provisioning", "CloneHub.Agent", "CloneHub.Jobs", "CloneHub.Testing"],
        ["CloneHub.Cleanup.Tests"] = ["CloneHub.Cleanup", "CloneHub.Testing"],
        ["CloneHub.Host.Tests"] = ["CloneHub.Host", "CloneHub.Testing"],
        ["CloneHub.Chaos"] = ["CloneHub.Host", "CloneHub.Testing"],
        ["CloneHub.Chaos.Tests"] = ["CloneHub.Chaos"],
        ["CloneHub.EndToEnd.Tests"] = ["CloneHub.Host", "CloneHub.Testing"],
        ["CloneHub.Kube.Tests"] = ["CloneHub.Provisioning", "CloneHub.Host", "CloneHub.Testing"],
        ["CloneHub.Infra.Tests"] = [],
        // Host because the engine is measured as the whole of it with steps that do nothing; Jobs because a hundred thousand jobs are written into the stores by its own code;
        // Provisioning for the ingress controller of the tests, which listens as it does.
        ["CloneHub.Benchmarks"] = ["CloneHub.Dev", "CloneHub.Host", "CloneHub.Jobs", "CloneHub.Provisioning"],

        // Measured beside CloneHub, and no part of it.
        ["HangfireRival"] = [],
    };

    private static readonly Dictionary<string, string[]> Packages = new()
    {
        ["CloneHub.Contracts"] = [],
        ["CloneHub.Jobs"] = ["Akka.Cluster.Hosting", "Akka.Persistence.Hosting", "Marten", "StackExchange.Redis", "DistributedLock.Postgres"],
        ["CloneHub.Provisioning"] = ["Akka.Hosting", "MySqlConnector", "Yarp.ReverseProxy", "AngleSharp", "KubernetesClient"],
        ["CloneHub.Agent"] = [],
        ["CloneHub.Cleanup"] = ["Akka.Hosting"],
        ["CloneHub.Host"] =
        [
            "Microsoft.AspNetCore.OpenApi", "Scalar.AspNetCore", "OpenTelemetry.Extensions.Hosting", "OpenTelemetry.Instrumentation.AspNetCore",
            "OpenTelemetry.Exporter.OpenTelemetryProtocol", "OpenTelemetry.Exporter.Prometheus.AspNetCore",
        ],
        ["CloneHub.Dev"] = ["MySqlConnector", "Spectre.Console", "Yarp.ReverseProxy"],
        ["CloneHub.Testing"] = ["xunit.assert", "xunit.extensibility.core", "Microsoft.Extensions.TimeProvider.Testing"],
        ["CloneHub.Architecture.Tests"] = ["NetArchTest.Rules"],
        ["CloneHub.Jobs.Tests"] = ["Akka.TestKit.Xunit2", "FsCheck.Xunit"],
        ["CloneHub.Provisioning.Tests"] = ["Akka.TestKit.Xunit2", "FsCheck.Xunit"],
        ["CloneHub.Cleanup.Tests"] = ["Akka.TestKit.Xunit2"],
        ["CloneHub.Host.Tests"] = ["Microsoft.AspNetCore.Mvc.Testing", "YamlDotNet"],
        ["CloneHub.Chaos"] = ["Microsoft.AspNetCore.Mvc.Testing"],
        ["CloneHub.Chaos.Tests"] = [],
        ["CloneHub.EndToEnd.Tests"] = [],
        ["CloneHub.Kube.Tests"] = [],
        ["CloneHub.Infra.Tests"] = ["Cel", "Jint", "YamlDotNet"],
        ["CloneHub.Benchmarks"] = ["BenchmarkDotNet", "Microsoft.AspNetCore.Mvc.Testing"],
        ["HangfireRival"] = ["Hangfire.AspNetCore", "Hangfire.PostgreSql"],
    };

    [Fact]
    public void Every_project_is_on_both_maps()
    {
        var found = Repository.Projects.Select(Repository.ProjectName).Order(StringComparer.Ordinal).ToList();

        Assert.Equal(Projects.Keys.Order(StringComparer.Ordinal), found);
        Assert.Equal(Packages.Keys.Order(StringComparer.Ordinal), found);
    }

    [Fact]
    public void Projects_reference_only_what_the_map_allows() => Assert.Empty(Excess("ProjectReference", Projects));

    [Fact]
    public void Projects_use_only_the_packages_the_map_allows() => Assert.Empty(Excess("PackageReference", Packages));

    [Fact]
    public void The_map_is_read_from_real_references()
    {
        Assert.Contains(("CloneHub.Host", "CloneHub.Jobs"), References("ProjectReference"));
        Assert.Contains(("CloneHub.Jobs", "Marten"), References("PackageReference"));
    }

    [Fact]
    public void A_reference_that_is_not_on_the_map_is_found()
    {
        var narrower = new Dictionary<string, string[]>(Projects) { ["CloneHub.Host"] = ["CloneHub.Contracts", "CloneHub.Provisioning", "CloneHub.Cleanup"] };

        Assert.Equal(["CloneHub.Host -> CloneHub.Jobs"], Excess("ProjectReference", narrower));
    }

    [Fact]
    public void No_module_reaches_another_module()
    {
        string[] modules = ["CloneHub.Jobs", "CloneHub.Provisioning", "CloneHub.Cleanup"];

        Assert.All(modules, module => Assert.Equal(["CloneHub.Contracts"], Projects[module]));
    }

    [Fact]
    public void Only_its_own_tests_and_the_agent_see_the_internals_of_a_module()
    {
        var friends = Repository.Projects
            .Where(file => !file.EndsWith("CloneHub.Dev.csproj", StringComparison.Ordinal))
            .SelectMany(file => Repository.ReadXml(file).Descendants("InternalsVisibleTo").Select(e => $"{Repository.ProjectName(file)} -> {(string?)e.Attribute("Include")}"))
            .Order(StringComparer.Ordinal)
            .ToList();

        Assert.NotEmpty(friends);

        // The agent is the importer of Provisioning in another place, and nothing of its own. Chaos puts a ledger in the place of its back end, and broken parts in that of others.
        Assert.Contains("CloneHub.Provisioning -> clonehub-agent", friends);
        Assert.All(
            friends.Except(
            [
                "CloneHub.Provisioning -> clonehub-agent", "CloneHub.Agent -> CloneHub.Provisioning.Tests", "CloneHub.Provisioning -> CloneHub.Kube.Tests",
                "CloneHub.Cleanup -> CloneHub.Kube.Tests", "CloneHub.Provisioning -> CloneHub.Chaos", "CloneHub.Provisioning -> CloneHub.Benchmarks", "CloneHub.Jobs -> CloneHub.Chaos", "CloneHub.Host -> CloneHub.Chaos",
                "CloneHub.Jobs -> CloneHub.Benchmarks", "CloneHub.Host -> CloneHub.Benchmarks",
            ]),
            friend => Assert.Equal(friend.Split(" -> ")[0] + ".Tests", friend.Split(" -> ")[1]));
    }

    [Fact]
    public void Versions_stand_in_one_file_only() =>
        Assert.Empty(Repository.Projects.SelectMany(file => Repository.ReadXml(file).Descendants("PackageReference")
            .Where(e => e.Attribute("Version") is not null)
            .Select(e => $"{file}: {(string?)e.Attribute("Include")}")));

    private static IEnumerable<string> Excess(string kind, Dictionary<string, string[]> allowed) =>
        References(kind).Where(r => !allowed.GetValueOrDefault(r.From, []).Contains(r.To)).Select(r => $"{r.From} -> {r.To}");

    private static List<(string From, string To)> References(string kind) =>
        [.. Repository.Projects.SelectMany(file => Repository.ReadXml(file).Descendants(kind).Select(e =>
            (Repository.ProjectName(file), Name(kind, (string?)e.Attribute("Include") ?? (string?)e.Attribute("Update") ?? ""))))];

    private static string Name(string kind, string include) => kind == "ProjectReference" ? Repository.ProjectName(include) : include;
}
