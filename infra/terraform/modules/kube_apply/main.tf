# Applies Kubernetes objects with kubectl, because a provider that is configured from a cluster that does not exist yet is the commonest
# way for such a plan to fail. Credentials come from `aws eks get-token` at the moment of use and are in no plan and no state.

locals {
  # One line for each chart, so that a shell can read it.
  releases = join("\n", [for r in var.releases :
    join("\t", [r.name, r.namespace, r.chart, coalesce(r.repository, "-"), r.version, base64encode(r.values)])
  ])
  connection = {
    CLUSTER  = var.cluster.name
    REGION   = var.cluster.region
    ENDPOINT = var.cluster.endpoint
    CA       = var.cluster.certificate_authority
    KUBECTL  = var.tools.kubectl
    HELM     = var.tools.helm
    AWS      = var.tools.aws
  }
}

# Made before the objects and destroyed after nothing: a destroy-time provisioner reads only `self`, so all it needs is kept here. It has
# no trigger: a changed digest must never take the pools away.
resource "terraform_data" "teardown" {
  input = merge(local.connection, { SCRIPTS = abspath(path.module), POOLS = tostring(var.nodes_from_pools) })

  provisioner "local-exec" {
    when        = destroy
    command     = "$SCRIPTS/destroy.sh"
    environment = self.input
  }
}

resource "terraform_data" "objects" {
  # The endpoint, too: a cluster that was made anew has nothing yet.
  triggers_replace = [sha256(var.manifest), sha256(local.releases), var.cluster.endpoint]

  provisioner "local-exec" {
    command = "${abspath(path.module)}/apply.sh"
    environment = merge(local.connection, {
      MANIFEST    = var.manifest
      RELEASES    = local.releases
      DEFINITIONS = join(" ", var.definitions)
    })
  }

  depends_on = [terraform_data.teardown]
}
