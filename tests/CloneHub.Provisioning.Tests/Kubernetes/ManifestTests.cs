using System.Text.Json;
using CloneHub.Contracts;
using CloneHub.Provisioning.Kubernetes;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Testing;
using k8s;
using k8s.Models;

namespace CloneHub.Provisioning.Tests.Kubernetes;

/// <summary>What CloneHub puts into a cluster, word for word, for a person to read.</summary>
public sealed class ManifestTests
{
    private static readonly JobId Job = JobId.Parse("job-mfrggzdfmztwq2lknnwg23tpoa");
    private static readonly CloneSpec Spec = new(Job, "acme", "5f0c1f9e-0000-4000-8000-000000000001");

    private static readonly KubernetesOptions Plain = new() { Image = "registry.example/clone@sha256:0123", MariaDb = "Server=db;User ID=root" };

    private static readonly KubernetesOptions Full = new()
    {
        Image = Plain.Image,
        MariaDb = Plain.MariaDb,
        Namespace = "shop-clones",
        PublicUrlTemplate = "https://{job_id}.clones.example",
        IngressClass = "traefik",
        TlsSecretName = "wildcard",
        Gateway = "clonehub-gateway/public",
        PriorityClass = "clonehub-clone",
        ImagePullPolicy = "Always",
    };

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    [Fact]
    public void Anchor() => Compare("anchor", AnchorManifest.Of(Job, "acme", "clonehub-clones", 3, AnchorStage.Pod, new DateTimeOffset(2026, 1, 31, 9, 15, 58, 456, TimeSpan.Zero)));

    [Fact]
    public void Anchor_of_a_tenant_whose_name_is_no_label() => Compare("anchor-odd-tenant", AnchorManifest.Of(Job, "Bäckerei & Söhne", "clonehub-clones", 1, AnchorStage.Database, null));

    [Fact]
    public void Secret() => Compare("secret", PodManifests.Secret(Spec, Plain, new Secret("only in this manifest")));

    [Fact]
    public void Deployment() => Compare("deployment", PodManifests.Deployment(Spec, Plain));

    [Fact]
    public void Deployment_with_every_setting() => Compare("deployment-full", PodManifests.Deployment(Spec, Full));

    [Fact]
    public void Deployment_for_the_pool() => Compare("deployment-pool", PodManifests.Deployment(new CloneSpec(Job, "", Spec.AnchorUid, new PoolClaim(By: null)), Plain));

    [Fact]
    public void Service() => Compare("service", PodManifests.Service(Spec, Plain));

    [Fact]
    public void Ingress() => Compare("ingress", RouteManifests.Ingress(Spec, Plain));

    [Fact]
    public void Ingress_with_every_setting() => Compare("ingress-full", RouteManifests.Ingress(Spec, Full));

    [Fact]
    public void Http_route() => Approved.Compare(PathOf("http-route.json"), Indented(RouteManifests.HttpRoute(Spec, Full)));

    [Fact]
    public void All_but_the_anchor_hang_on_the_anchor()
    {
        IKubernetesObject<V1ObjectMeta>[] hanging =
        [
            PodManifests.Secret(Spec, Full, new Secret("x")), PodManifests.Deployment(Spec, Full), PodManifests.Service(Spec, Full),
            RouteManifests.Ingress(Spec, Full), RouteManifests.HttpRoute(Spec, Full),
        ];

        Assert.All(hanging, item =>
        {
            Assert.Equal((Spec.AnchorUid, true), (Assert.Single(item.Metadata.OwnerReferences).Uid, item.Metadata.OwnerReferences[0].BlockOwnerDeletion));
            Assert.Equal((Job.Value, Job), (item.Metadata.Name, CloneLabels.JobOf(item.Metadata)));
        });
    }

    [Fact]
    public void A_pod_asks_for_no_more_than_the_capacity_plan_counts_with()
    {
        var container = Assert.Single(PodManifests.Deployment(Spec, Plain).Spec.Template.Spec.Containers);

        Assert.Equal(("100m", "192Mi"), (container.Resources.Requests["cpu"].ToString(), container.Resources.Requests["memory"].ToString()));
        Assert.Equal("384Mi", container.Resources.Limits["memory"].ToString());
    }

    [Fact]
    public void An_anchor_is_read_back_as_it_was_made()
    {
        var map = AnchorManifest.Of(Job, "Bäckerei & Söhne", "clonehub-clones", 12, AnchorStage.Route, new DateTimeOffset(2026, 1, 31, 9, 15, 58, TimeSpan.Zero));
        map.Metadata.Uid = "u";
        map.Metadata.ResourceVersion = "7";

        var anchor = AnchorManifest.Read(map)!;
        Assert.Equal((Job, "u", "7", "Bäckerei & Söhne", 12L, AnchorStage.Route), (anchor.Job, anchor.Uid, anchor.Version, anchor.Tenant, anchor.Fence, anchor.Stage));
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 9, 15, 58, TimeSpan.Zero), anchor.Expires);
    }

    [Fact]
    public void A_ConfigMap_that_is_no_anchor_is_not_taken_for_one()
    {
        var map = AnchorManifest.Of(Job, "acme", "clonehub-clones", 1, AnchorStage.Pod, null);
        map.Metadata.Name = "kube-root-ca.crt";
        Assert.Null(AnchorManifest.Read(map));
    }

    [Fact]
    public void An_anchor_of_the_pool_is_nobodys_until_it_is_claimed()
    {
        var job = JobId.Parse("job-aaaaaaaaaaaaaaaaaaaaaaaaaa");
        var map = AnchorManifest.Of(Job, "", "clonehub-clones", 1, AnchorStage.Pod, null, new PoolClaim(By: null));
        Assert.Null(AnchorManifest.Read(map)!.Owner);
        Assert.DoesNotContain(CloneLabels.Tenant, map.Metadata.Labels.Keys);

        map = AnchorManifest.Of(Job, "acme", "clonehub-clones", 1, AnchorStage.Pod, null, new PoolClaim(job));
        var claimed = AnchorManifest.Read(map)!;
        Assert.Equal((Job, job.Value, "acme"), (claimed.Job, claimed.Owner?.Value, claimed.Spec.Labels[CloneLabels.Tenant]));
        Assert.Equal(job.Value + ".localhost", RouteManifests.Ingress(claimed.Spec, Plain).Spec.Rules[0].Host);
    }

    [Fact]
    public void A_claim_takes_nothing_away_that_there_is_of_an_instance()
    {
        var map = AnchorManifest.Of(Job, "", "clonehub-clones", 1, AnchorStage.Pod, null, new PoolClaim(By: null));
        (map.Metadata.Uid, map.Metadata.ResourceVersion) = ("u", "7");
        var patch = KubernetesJson.Serialize(AnchorManifest.Take(AnchorManifest.Read(map)!, Job, "acme", 3, AnchorStage.Database, null));

        Assert.Contains("\"stage\":\"pod\"", patch, StringComparison.Ordinal);
        Assert.Contains("\"resourceVersion\":\"7\"", patch, StringComparison.Ordinal);
    }

    [Fact]
    public void A_claim_changes_nothing_but_the_anchor_and_brings_the_route()
    {
        var pooled = new CloneSpec(Job, "", Spec.AnchorUid, new PoolClaim(By: null));
        var claimed = new CloneSpec(Job, "acme", Spec.AnchorUid, new PoolClaim(JobId.Parse("job-aaaaaaaaaaaaaaaaaaaaaaaaaa")));

        Assert.Equal(KubernetesYaml.Serialize(PodManifests.Deployment(pooled, Full)), KubernetesYaml.Serialize(PodManifests.Deployment(claimed, Full)));
        Assert.Equal(KubernetesYaml.Serialize(PodManifests.Service(pooled, Full)), KubernetesYaml.Serialize(PodManifests.Service(claimed, Full)));
        Assert.Equal("job-aaaaaaaaaaaaaaaaaaaaaaaaaa", RouteManifests.Ingress(claimed, Full).Metadata.Labels[CloneLabels.ClaimedBy]);
    }

    private static void Compare(string name, IKubernetesObject<V1ObjectMeta> manifest) => Approved.Compare(PathOf(name + ".yaml"), KubernetesYaml.Serialize(manifest));

    private static string PathOf(string file) => $"tests/CloneHub.Provisioning.Tests/Kubernetes/manifests/{file}";

    private static string Indented(object value)
    {
        using var json = JsonDocument.Parse(KubernetesJson.Serialize(value));
        return JsonSerializer.Serialize(json, Readable) + "\n";
    }
}
