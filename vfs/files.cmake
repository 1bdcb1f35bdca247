# Sources of vfs/ itself: the interfaces' common code, decorators, barriers.
target_sources(permafrost_vfs PRIVATE
  call.cc durable.cc executor.cc file_system.cc metered_file_system.cc queued_executor.cc
  recording_file_system.cc wrapping_file_system.cc)
