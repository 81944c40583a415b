using System.Diagnostics;
using System.Runtime.InteropServices;

namespace CloneHub.Agent;

/// <summary>The clone's PHP runs strangers' code under the same account; it shall not read the job's key out of this program.</summary>
internal static partial class OwnMemory
{
    private const int SetDumpable = 4; // PR_SET_DUMPABLE

    /// <summary>No core file, no tracing, and /proc shows nobody but root what is in memory or open.</summary>
    public static void Hide() => _ = Control(SetDumpable, 0, 0, 0, 0);

    /// <summary>Bytes that were resident at most so far.</summary>
    public static long Peak()
    {
        using var self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nuint second, nuint third, nuint fourth, nuint fifth);
}
