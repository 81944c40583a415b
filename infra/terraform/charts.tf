# What Kubernetes lacks: Karpenter (not in Auto Mode, which has it), KEDA, and Traefik as the one door. The values are those of
# infra/k8s/values; what only Terraform knows is added here.

locals {
  karpenter_values = yamldecode(file("${local.values}/karpenter.yaml"))
  traefik_values   = yamldecode(file("${local.values}/traefik.yaml"))

  karpenter = yamlencode(merge(local.karpenter_values, {
    settings = merge(local.karpenter_values.settings, {
      clusterName       = local.name
      interruptionQueue = module.karpenter.queue_name
      featureGates      = merge(local.karpenter_values.settings.featureGates, { staticCapacity = var.buffer.strategy == "static" })
    })
  }))

  # TLS ends at the load balancer, with a certificate that AWS renews.
  door = merge({
    "external-dns.alpha.kubernetes.io/hostname"                     = "${var.domain},*.${var.domain}"
    "service.beta.kubernetes.io/aws-load-balancer-scheme"           = "internet-facing"
    "service.beta.kubernetes.io/aws-load-balancer-ssl-cert"         = module.dns.certificate_arn
    "service.beta.kubernetes.io/aws-load-balancer-ssl-ports"        = "443"
    "service.beta.kubernetes.io/aws-load-balancer-backend-protocol" = "tcp"
    }, local.auto ? {
    "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type" = "ip"
    } : {
    "service.beta.kubernetes.io/aws-load-balancer-type" = "nlb"
  })
  traefik = yamlencode(merge(local.traefik_values, {
    service = merge(local.traefik_values.service, {
      annotations = local.door
      spec        = local.auto ? { loadBalancerClass = "eks.amazonaws.com/nlb" } : {}
    })
  }))

  releases = concat(
    local.auto ? [] : [
      {
        name    = "karpenter-crd", namespace = "kube-system", chart = "oci://public.ecr.aws/karpenter/karpenter-crd"
        version = var.chart_versions.karpenter, values = "{}"
      },
      {
        name    = "karpenter", namespace = "kube-system", chart = "oci://public.ecr.aws/karpenter/karpenter"
        version = var.chart_versions.karpenter, values = local.karpenter
      },
    ],
    [
      {
        name    = "keda", namespace = "keda", chart = "keda", repository = "https://kedacore.github.io/charts"
        version = var.chart_versions.keda, values = file("${local.values}/keda.yaml")
      },
      {
        name    = "traefik", namespace = "clonehub-gateway", chart = "traefik", repository = "https://traefik.github.io/charts"
        version = var.chart_versions.traefik, values = local.traefik
      },
    ],
  )
}
