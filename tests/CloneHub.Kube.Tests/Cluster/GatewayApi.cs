using CloneHub.Testing;
using k8s;
using k8s.Models;

namespace CloneHub.Kube.Tests.Cluster;

/// <summary>
/// HTTPRoutes in a cluster that is too old for the published definition, which has rules in CEL: the same kind without a schema. That what CloneHub makes fits
/// the published schema is shown by the tests of infra.
/// </summary>
internal static class GatewayApi
{
    private const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata:
          name: httproutes.gateway.networking.k8s.io
          annotations: { api-approved.kubernetes.io: "unapproved, a stand-in for tests" }
        spec:
          group: gateway.networking.k8s.io
          names: { kind: HTTPRoute, listKind: HTTPRouteList, plural: httproutes, singular: httproute }
          scope: Namespaced
          versions:
            - name: v1
              served: true
              storage: true
              schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task InstallAsync(IKubernetes admin)
    {
        var definition = KubernetesYaml.Deserialize<V1CustomResourceDefinition>(Definition);
        await admin.ApiextensionsV1.CreateCustomResourceDefinitionAsync(definition);
        await Eventually.Until(
            "the cluster knows HTTPRoutes",
            async () => (await admin.ApiextensionsV1.ReadCustomResourceDefinitionAsync(definition.Metadata.Name)).Status.Conditions?.Any(c => c is { Type: "Established", Status: "True" }) == true,
            Patience);
    }
}
