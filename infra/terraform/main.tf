# Order: network, roles, control plane, what nodes need, nodes, what runs on nodes, Kubernetes objects. Backwards on destroy: objects
# first, and with them every instance that Karpenter started.

locals {
  name   = "${var.name}-${var.environment}"
  auto   = var.compute == "auto"
  prices = jsondecode(file("${path.module}/../prices.json"))
  values = "${path.module}/../k8s/values"

  slots_per_node = min([for type in var.buffer.instance_types : try(module.capacity.fits[type], 0)]...)

  tags = {
    Project     = var.name
    Environment = var.environment
    ManagedBy   = "terraform"
    CostCenter  = "${var.name}-${var.environment}"
  }
  no_digest = "sha256:${join("", [for i in range(64) : "0"])}"
  images = {
    host      = "${module.registry.prefix}host@${coalesce(var.images.host, local.no_digest)}"
    wordpress = "${module.registry.prefix}wordpress@${coalesce(var.images.wordpress, local.no_digest)}"
  }
}

data "aws_caller_identity" "this" {}

data "aws_iam_session_context" "this" {
  arn = data.aws_caller_identity.this.arn
}

# Known at plan: whoever applies and may not enter would otherwise notice half an hour later.
resource "terraform_data" "applicant" {
  lifecycle {
    precondition {
      condition     = contains(values(var.admins), data.aws_iam_session_context.this.issuer_arn)
      error_message = "You are ${data.aws_iam_session_context.this.issuer_arn}, which is not among admins: the cluster would refuse this very apply. Add { you = \"${data.aws_iam_session_context.this.issuer_arn}\" } to admins."
    }
  }
}

module "capacity" {
  source = "./modules/node_capacity"

  clone_size = var.clone_size
}

module "network" {
  source = "./modules/network"

  name                = local.name
  region              = var.region
  cidr                = var.vpc_cidr
  nat                 = var.nat
  interface_endpoints = var.interface_endpoints
}

module "registry" {
  source = "./modules/registry"

  name = local.name
}

module "dns" {
  source = "./modules/dns"

  domain = var.domain
  zone   = var.zone != "" ? var.zone : join(".", slice(split(".", var.domain), 1, length(split(".", var.domain))))
}

module "karpenter" {
  source = "./modules/karpenter"

  cluster = local.name
  region  = var.region
  auto    = local.auto
}

module "cluster" {
  source = "./modules/cluster"

  name                = local.name
  kubernetes_version  = var.kubernetes_version
  compute             = var.compute
  subnets             = module.network.private_subnets
  public_access_cidrs = var.public_access_cidrs
  node_role_arn       = module.karpenter.node_role_arn
}

module "access" {
  source = "./modules/access"

  cluster       = module.cluster.name
  auto          = local.auto
  node_role_arn = module.karpenter.node_role_arn
  admins        = var.admins
  deployers     = var.deployers
  operators     = var.operators
  viewers       = var.viewers
}

module "workload_identity" {
  source = "./modules/workload_identity"

  cluster  = local.name
  auto     = local.auto
  zone_arn = module.dns.zone_arn
}

module "system_nodes" {
  source = "./modules/system_nodes"
  count  = local.auto ? 0 : 1

  name          = local.name
  cluster       = module.cluster.name
  subnets       = module.network.private_subnets
  instance_type = var.system_instance_type

  # cluster: the network plug-in is set up before the first node; network: nodes pull images through NAT.
  depends_on = [module.cluster, module.network]
}

resource "aws_eks_pod_identity_association" "karpenter" {
  count = local.auto ? 0 : 1

  cluster_name    = module.cluster.name
  namespace       = "kube-system"
  service_account = "karpenter"
  role_arn        = module.karpenter.controller_role_arn
}

# These run on nodes; EKS waits until they do.
resource "aws_eks_addon" "on_nodes" {
  for_each = merge(
    { metrics-server = null, external-dns = module.workload_identity.external_dns },
    local.auto ? {} : { coredns = null, aws-ebs-csi-driver = module.workload_identity.ebs_csi },
  )

  cluster_name                = module.cluster.name
  addon_name                  = each.key
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  dynamic "pod_identity_association" {
    for_each = each.value == null ? [] : [each.value]
    content {
      role_arn        = pod_identity_association.value.role_arn
      service_account = pod_identity_association.value.service_account
    }
  }

  depends_on = [module.system_nodes]
}

module "data" {
  source = "./modules/data"

  name                   = local.name
  vpc_id                 = module.network.vpc_id
  subnets                = module.network.private_subnets
  node_security_group_id = module.cluster.security_group_id
  database               = var.database
  clone_database         = var.clone_database
  redis                  = var.redis
}

module "guardrails" {
  source = "./modules/guardrails"

  name       = local.name
  project    = var.name
  budget_usd = var.budget_usd
  email      = var.budget_email
}

module "kube_objects" {
  source = "./modules/kube_objects"

  cluster          = local.name
  compute          = var.compute
  node_role        = module.karpenter.node_role_name
  node_ami_version = var.node_ami_version
  buffer           = var.buffer
  general          = merge(var.general, { architectures = var.architectures })
  clone_size       = var.clone_size
  image_prefix     = module.registry.prefix
  clone_image      = var.images.wordpress == null ? null : local.images.wordpress
  tags             = local.tags
}

module "kube_apply" {
  source = "./modules/kube_apply"

  cluster = {
    name                  = module.cluster.name
    region                = var.region
    endpoint              = module.cluster.endpoint
    certificate_authority = module.cluster.certificate_authority
  }
  manifest    = module.kube_objects.manifest
  releases    = local.releases
  definitions = ["nodepools.karpenter.sh", "nodeclaims.karpenter.sh", "scaledobjects.keda.sh"]
  tools       = var.tools

  # Everything that Karpenter and kubectl live on: on destroy, nodes go while all of it still works.
  depends_on = [module.access, module.network, module.karpenter, module.system_nodes, aws_eks_pod_identity_association.karpenter, aws_eks_addon.on_nodes]
}
