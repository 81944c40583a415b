using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events.Projections;

namespace CloneHub.Jobs.Reporting;

internal static class ReportsSchema
{
    public const string Days = "mt_doc_report_day";
    public const string Jobs = "mt_doc_reported_job";

    /// <summary>The columns beside the document are those that <see cref="ReportReader"/> asks PostgreSQL to filter by and add up.</summary>
    public static void AddReports(this StoreOptions options)
    {
        options.Projections.AsyncMode = DaemonMode.Solo;
        options.Projections.Add(new ReportsProjection(), ProjectionLifecycle.Async);
        options.Schema.For<ReportedJob>().DocumentAlias("reported_job");
        options.Schema.For<ReportDay>().DocumentAlias("report_day")
            .Duplicate(d => d.Tenant).Duplicate(d => d.Customer).Duplicate(d => d.Day)
            .Duplicate(d => d.Requested).Duplicate(d => d.Completed).Duplicate(d => d.Failed).Duplicate(d => d.Cancelled).Duplicate(d => d.LiveChange)
            .Index(d => new { d.Tenant, d.Customer, d.Day })
            .Index(d => new { d.Tenant, d.Day });
    }
}
