using CloneHub.Contracts;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>The named failures of an import.</summary>
internal static class ImportFault
{
    internal const string VerifyFailed = "VERIFY_FAILED";

    internal static StepFaultException Verification(string message) => new(new StepFault(
        VerifyFailed, message, "The source may have changed while it was copied. Request the clone again.", Retryable: true));

    internal static StepFaultException Failed(string message, bool retryable, Exception? inner = null) => new(
        new StepFault("IMPORT_FAILED", message, "Look at the message; the source's site health page may say more.", retryable), inner);

    internal static StepFaultException Refused(string message) => new(new StepFault(
        "IMPORT_FAILED", message, "The source sent something that no WordPress site needs; check the site for malware.", Retryable: false));

    internal static StepFaultException Ddl(string table, Exception inner) => new(
        new StepFault(
            "DDL_UNSUPPORTED", $"The clone's database refused the definition of {table}: {inner.Message}",
            "Convert the table on the source to a form that MariaDB understands, or leave it out.", Retryable: false),
        inner);

    /// <summary>The clone's database did not do what an import needs.</summary>
    internal static StepFaultException Database(MySqlException inner) => new(
        new StepFault(
            "IMPORT_FAILED", $"The clone's database failed: {inner.Message}", "It is tried again; if it stays, give the operator the job's id.", Retryable: true),
        inner);

    internal static StepFaultException DiskFull(Exception inner) => new(StepFaults.DiskFull, inner);
}
