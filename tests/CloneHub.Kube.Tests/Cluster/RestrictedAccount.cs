using CloneHub.Dev;
using k8s;
using k8s.Models;

namespace CloneHub.Kube.Tests.Cluster;

/// <summary>The account CloneHub runs as, with exactly the rights that infra/k8s/base/rbac gives it, in a namespace of a test.</summary>
internal static class RestrictedAccount
{
    public const string Name = "clonehub";

    public static IReadOnlyList<V1Role> Roles =>
        [.. Directory.EnumerateFiles(Repository.Path("infra", "k8s", "base", "rbac"), "*-role.yaml").Select(file => KubernetesYaml.LoadFromFileAsync<V1Role>(file).GetAwaiter().GetResult())];

    /// <summary>What HTTPRoutes need besides.</summary>
    public static V1Role HttpRouteRole =>
        KubernetesYaml.LoadFromFileAsync<V1Role>(Repository.Path("infra", "k8s", "components", "httproute", "clones-httproute-role.yaml")).GetAwaiter().GetResult();

    /// <summary>Makes the account and writes a kubeconfig that logs in as it.</summary>
    /// <param name="roles">What it may do.</param>
    /// <param name="server">Address of the API server; null for its own.</param>
    public static async Task<string> CreateAsync(KubeCluster cluster, string space, IEnumerable<V1Role> roles, DirectoryInfo folder, string? server = null)
    {
        await cluster.Admin.CoreV1.CreateNamespacedServiceAccountAsync(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = Name } }, space);
        foreach (var role in roles)
        {
            role.Metadata.NamespaceProperty = space;
            await cluster.Admin.RbacAuthorizationV1.CreateNamespacedRoleAsync(role, space);
            await cluster.Admin.RbacAuthorizationV1.CreateNamespacedRoleBindingAsync(
                new V1RoleBinding
                {
                    Metadata = new V1ObjectMeta { Name = role.Metadata.Name },
                    RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "Role", Name = role.Metadata.Name },
                    Subjects = [new Rbacv1Subject { Kind = "ServiceAccount", Name = Name, NamespaceProperty = space }],
                },
                space);
        }

        var token = await cluster.Admin.CoreV1.CreateNamespacedServiceAccountTokenAsync(
            new Authenticationv1TokenRequest { Spec = new V1TokenRequestSpec { Audiences = [], ExpirationSeconds = 7200 } }, Name, space);
        var admin = (await KubernetesClientConfiguration.LoadKubeConfigAsync(cluster.KubeConfig)).Clusters.First().ClusterEndpoint;
        var path = Path.Combine(folder.FullName, "kubeconfig");
        await File.WriteAllTextAsync(path, $$$"""
            apiVersion: v1
            kind: Config
            clusters: [{name: c, cluster: {server: "{{{server ?? admin.Server}}}", certificate-authority-data: "{{{admin.CertificateAuthorityData}}}"}}]
            users: [{name: u, user: {token: "{{{token.Status.Token}}}"}}]
            contexts: [{name: x, context: {cluster: c, user: u, namespace: {{{space}}}}}]
            current-context: x
            """);
        return path;
    }
}
